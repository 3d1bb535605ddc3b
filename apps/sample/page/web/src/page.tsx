import type { JSX } from 'preact';
import { loading, loadSample, sample } from './api/sample.js';
import { BreakItPanel } from '../../../web/src/break-it/break-it-panel.js';
import { LivePanel } from '../../../web/src/live/live-panel.js';
import { SessionPanel } from '../../../web/src/session/session-panel.js';
import { TryItPanel } from '../../../web/src/try-it/try-it-panel.js';
import { announcement } from './ui/announcer.js';
import { TallyBar } from '../../../web/src/live/tally-bar.js';
import { WebhooksPanel } from '../../../web/src/webhooks/webhooks-panel.js';

export function Page(): JSX.Element {
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Masthead />
      <TallyBar />
      <main id="main" tabIndex={-1}>
        {loading.value.is === 'ready' ? <Panels /> : <NotYet />}
      </main>
      <p class="unseen" role="status" aria-live="polite">
        {announcement.value}
      </p>
    </>
  );
}

function Masthead(): JSX.Element {
  return (
    <header class="masthead">
      <div>
        <h1>A merchant with Coinflow sessions</h1>
        <p>
          Every request here carries a session key, and the merchant decides about it. See how seldom Coinflow must be
          asked, and what happens when it cannot be.
        </p>
      </div>
      <nav aria-label="More">
        {sample.value && (
          <span class="env">{sample.value.coinflow ? 'with the emulator' : `Coinflow ${sample.value.env}`}</span>
        )}
        <a href="docs">API</a>
        <a href="coinflow/metrics">Figures</a>
        <a href="health">Health</a>
      </nav>
    </header>
  );
}

function Panels(): JSX.Element {
  return (
    <div class="panels">
      <SessionPanel />
      <TryItPanel />
      <LivePanel />
      <BreakItPanel />
      <WebhooksPanel />
    </div>
  );
}

function NotYet(): JSX.Element {
  const state = loading.value;
  if (state.is !== 'failed') {
    return (
      <p class="not-yet" role="status">
        Asking the sample what it is …
      </p>
    );
  }
  return (
    <div class="not-yet" role="alert">
      <p>{state.why}</p>
      <button type="button" class="primary" onClick={() => void loadSample()}>
        Try again
      </button>
    </div>
  );
}
