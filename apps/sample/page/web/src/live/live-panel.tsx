import type { JSX } from 'preact';
import { Panel } from '../ui/panel.js';
import { ModuleMetrics } from './module-metrics.js';
import { Counters } from './counters.js';
import { DecisionTable } from './decision-table.js';
import { resetCounters, hasNoDecisions, streamState } from './live-state.js';
import { Plots } from './plots.js';
import { TimelineView } from './timeline-view.js';
import { DecisionWallView } from './decision-wall-view.js';

export function LivePanel(): JSX.Element {
  return (
    <Panel
      id="live"
      title="Live"
      aside={
        <span class="live-aside">
          <StreamBadge />
          <button type="button" class="quiet" onClick={() => void resetCounters()}>
            Reset counters
          </button>
        </span>
      }
    >
      <Counters />
      <DecisionWallView />
      {hasNoDecisions.value && (
        <p class="empty over-wall">
          No decisions yet. Log in and send 1,000 requests: each decision becomes one square.
        </p>
      )}
      <TimelineView />
      <Plots />
      <ModuleMetrics />
      <DecisionTable />
    </Panel>
  );
}

const STREAM_TEXTS = {
  connecting: 'Connecting …',
  live: 'Live',
  disconnected: 'Disconnected. Reconnecting …',
} as const;

function StreamBadge(): JSX.Element {
  return (
    <span class={`badge is-${streamState.value}`} role="status">
      {STREAM_TEXTS[streamState.value]}
    </span>
  );
}
