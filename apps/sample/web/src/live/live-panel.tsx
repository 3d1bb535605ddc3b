import type { JSX } from 'preact';
import { Panel } from '../ui/panel.js';
import { BehindIt } from './behind-it.js';
import { Counters } from './counters.js';
import { LatestDecisions } from './latest-decisions.js';
import { countFromZero, isQuiet, streamState } from './live.js';
import { Plots } from './plots.js';
import { TimelineView } from './timeline-view.js';
import { WallView } from './wall-view.js';

export function LivePanel(): JSX.Element {
  return (
    <Panel
      id="live"
      title="Live"
      aside={
        <span class="live-aside">
          <StreamBadge />
          <button type="button" class="quiet" onClick={() => void countFromZero()}>
            Count from zero
          </button>
        </span>
      }
    >
      <Counters />
      <WallView />
      {isQuiet.value && (
        <p class="empty over-wall">
          Nothing has been decided yet. Log in, and send 1,000 requests: each is a square here, by what its decision
          rests on.
        </p>
      )}
      <TimelineView />
      <Plots />
      <BehindIt />
      <LatestDecisions />
    </Panel>
  );
}

const STREAM_TEXTS = {
  connecting: 'Connecting …',
  live: 'Live',
  broken: 'The event stream is broken. Trying again …',
} as const;

function StreamBadge(): JSX.Element {
  return (
    <span class={`badge is-${streamState.value}`} role="status">
      {STREAM_TEXTS[streamState.value]}
    </span>
  );
}
