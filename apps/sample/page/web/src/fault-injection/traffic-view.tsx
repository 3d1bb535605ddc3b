import type { JSX } from 'preact';
import type { OutcomeGroup } from '../live/decision-groups.js';
import { Glyph } from '../live/glyph.js';
import { formatCount, formatMs, plural } from '../ui/format.js';
import { isFlooding, floodTraffic } from './invalid-key-flood.js';
import { p50LatencyMs, type TrafficStats } from './traffic-stats.js';
import { isSendingTraffic, payoutTraffic, renewals, userTraffic } from './user-traffic.js';

/** The requests of the user beside those of the flood. */
export function TrafficView(): JSX.Element | null {
  const hasUserTraffic = userTraffic.value.count > 0 || isSendingTraffic.value;
  const hasFlood = floodTraffic.value.count > 0 || isFlooding.value;
  if (!hasUserTraffic && !hasFlood) return null;
  return (
    <div class="traffic">
      {hasUserTraffic && <UserRow name="Your requests" stats={userTraffic.value} renewed={renewals.value} />}
      {payoutTraffic.value.count > 0 && <UserRow name="Your payouts" stats={payoutTraffic.value} />}
      {hasFlood && <FloodRow stats={floodTraffic.value} />}
    </div>
  );
}

interface UserRowProps {
  readonly name: string;
  readonly stats: TrafficStats;
  readonly renewed?: number;
}

function UserRow({ name, stats, renewed = 0 }: UserRowProps): JSX.Element {
  const { count, authenticated, outcomes, lastError } = stats;
  const p50 = p50LatencyMs(stats);
  return (
    <div class="traffic-row">
      <h3>{name}</h3>
      <p class="figures">
        <strong>
          {authenticated === count
            ? `All ${formatCount(count)} authenticated`
            : `${formatCount(authenticated)} of ${formatCount(count)} authenticated`}
        </strong>
        {p50 !== undefined && `, p50 latency ${formatMs(p50)}`}
        {renewed > 0 && `, session renewed ${renewed === 1 ? 'once' : `${renewed} times`}`}
      </p>
      <OutcomeStrip outcomes={outcomes} />
      {lastError && (
        <p class="hint">
          Last error: {lastError.status === 0 ? 'no response' : lastError.status}{' '}
          {lastError.code && <code>{lastError.code}</code>}
        </p>
      )}
    </div>
  );
}

function FloodRow({ stats }: { readonly stats: TrafficStats }): JSX.Element {
  const { count, authenticated, outcomes, countByStatus } = stats;
  const statuses = Object.entries(countByStatus).map(
    ([status, times]) => `${formatCount(times)}\u00a0×\u00a0${status}`,
  );
  return (
    <div class="traffic-row">
      <h3>Invalid keys</h3>
      <p class="figures">
        <strong>
          {plural(count, 'request')}, {formatCount(authenticated)} authenticated
        </strong>
        {statuses.length > 0 && `: ${statuses.join(', ')}`}
      </p>
      <OutcomeStrip outcomes={outcomes} />
    </div>
  );
}

/** The last sixty outcomes, one glyph each. */
function OutcomeStrip({ outcomes }: { readonly outcomes: readonly OutcomeGroup[] }): JSX.Element {
  const failed = outcomes.filter((outcome) => outcome !== 'authenticated').length;
  const label = `The last ${outcomes.length}: ${failed === 0 ? 'all authenticated' : `${failed} not authenticated`}`;
  return (
    <div class="strip" role="img" aria-label={label}>
      {outcomes.map((outcome, index) => (
        <Glyph key={index} outcome={outcome} />
      ))}
    </div>
  );
}
