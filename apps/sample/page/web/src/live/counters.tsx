import type { JSX } from 'preact';
import { formatCount, plural } from '../ui/format.js';
import { tally } from './live.js';
import { savedCalls, savedPercent } from './savings.js';

/** The three numbers that it is all about, since the page was opened. */
export function Counters(): JSX.Element {
  const { requests, verifications, logins } = tally.value;
  return (
    <>
      <dl class="counters">
        <Counter name="requests decided" value={formatCount(requests)} />
        <Counter name="calls to Coinflow for them" value={formatCount(verifications)} isCost />
        <Counter name={`saved: ${formatCount(savedCalls(tally.value))} calls`} value={savedPercent(tally.value)} />
      </dl>
      <p class="hint counters-note">
        Obtaining keys took {logins === 0 ? 'no call' : plural(logins, 'call')} beside them. The sample’s very first
        check comes with one more: a made-up key, to see that Coinflow refuses it.
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
