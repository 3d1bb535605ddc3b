import type { JSX } from 'preact';
import { loading, loadSample, sample } from './api/sample.js';
import { BuyPanel } from './buy/buy-panel.js';
import { FaultInjectionPanel } from './fault-injection/fault-injection-panel.js';
import { LivePanel } from './live/live-panel.js';
import { SessionPanel } from './session/session-panel.js';
import { SendRequestsPanel } from './send-requests/send-requests-panel.js';
import { announcement } from './ui/announcer.js';
import { TallyBar } from './live/counters.js';
import { WebhooksPanel } from './webhooks/webhooks-panel.js';

export function Page(): JSX.Element {
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <Masthead />
      <TallyBar />
      <main id="main" tabIndex={-1}>
        {loading.value.state === 'ready' ? <Panels /> : <LoadingView />}
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
        <h1>Sample merchant with Coinflow sessions</h1>
        <p>
          The guard of nestjs-coinflow-auth authenticates every request by its session key. See how few requests need a
          call to Coinflow, and what happens while Coinflow is down.
        </p>
      </div>
      <nav aria-label="More">
        {sample.value && (
          <span class="env">{sample.value.coinflow ? 'Coinflow emulator' : `Coinflow ${sample.value.env}`}</span>
        )}
        <a href="docs">API docs</a>
        <a href="coinflow/metrics">Metrics</a>
        <a href="health">Health</a>
      </nav>
    </header>
  );
}

function Panels(): JSX.Element {
  return (
    <div class="panels">
      <SessionPanel />
      <SendRequestsPanel />
      <LivePanel />
      <BuyPanel />
      <FaultInjectionPanel />
      <WebhooksPanel />
    </div>
  );
}

function LoadingView(): JSX.Element {
  const current = loading.value;
  if (current.state !== 'failed') {
    return (
      <p class="not-yet" role="status">
        Loading the sample …
      </p>
    );
  }
  return (
    <div class="not-yet" role="alert">
      <p>{current.reason}</p>
      <button type="button" class="primary" onClick={() => void loadSample()}>
        Try again
      </button>
    </div>
  );
}
