import type { JSX } from 'preact';
import { formatCount, plural } from '../ui/format.js';
import { savedCalls, savedPercent } from './call-savings.js';
import { tally } from './live-state.js';

/** Requests, Coinflow calls and the share of requests without a call. */
export function Counters(): JSX.Element {
  const { requests, verifyCalls, creationCalls } = tally.value;
  return (
    <>
      <dl class="counters">
        <Counter name="Requests" value={formatCount(requests)} />
        <Counter name="Coinflow calls" value={formatCount(verifyCalls)} isCost />
        <Counter name={`Calls saved: ${formatCount(savedCalls(tally.value))}`} value={savedPercent(tally.value)} />
      </dl>
      <p class="hint counters-note">
        Calls of Verify Token. Creating session keys took {plural(creationCalls, 'call')} more. The first call after
        startup is followed by an endpoint probe: a call with a random key that Coinflow must reject.
      </p>
    </>
  );
}

interface CounterProps {
  readonly name: string;
  readonly value: string;
  readonly isCost?: boolean;
}

function Counter({ name, value, isCost = false }: CounterProps): JSX.Element {
  return (
    <div class={`counter ${isCost ? 'is-cost' : ''}`}>
      <dt>{name}</dt>
      <dd class="figures">{value}</dd>
    </div>
  );
}

/** The counters in one line, which stays at the top of a narrow screen. */
export function TallyBar(): JSX.Element {
  const { requests, verifyCalls } = tally.value;
  return (
    <p class="tally-bar figures" aria-hidden="true">
      <span>
        <strong>{formatCount(requests)}</strong> requests
      </span>
      <span>
        <strong>{formatCount(verifyCalls)}</strong> calls
      </span>
      <span>
        <strong>{savedPercent(tally.value)}</strong> saved
      </span>
    </p>
  );
}
