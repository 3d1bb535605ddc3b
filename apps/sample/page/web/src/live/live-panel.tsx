import type { JSX } from 'preact';
import { Panel } from '../../../../web/src/ui/panel.js';
import { BehindIt } from '../../../../web/src/live/behind-it.js';
import { Counters } from '../../../../web/src/live/counters.js';
import { LatestDecisions } from '../../../../web/src/live/latest-decisions.js';
import { countFromZero, isQuiet, streamState } from './live.js';
import { Plots } from '../../../../web/src/live/plots.js';
import { TimelineView } from '../../../../web/src/live/timeline-view.js';
import { WallView } from '../../../../web/src/live/wall-view.js';

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
