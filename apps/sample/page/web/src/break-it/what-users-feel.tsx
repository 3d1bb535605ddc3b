import type { JSX } from 'preact';
import { FATES, type Fate } from '../live/decision-kinds.js';
import { Glyph } from '../../../../web/src/live/glyph.js';
import { formatCount, formatMs, plural } from '../ui/format.js';
import { flood, isFlooding } from './flood.js';
import { isShopping, payouts, renewals, visits } from './shopper.js';
import { usualMs, type Visits } from './visits.js';

/** The shopper beside the flood. */
export function WhatUsersFeel(): JSX.Element | null {
  const hasShopped = visits.value.count > 0 || isShopping.value;
  const wasFlooded = flood.value.count > 0 || isFlooding.value;
  if (!hasShopped && !wasFlooded) return null;
  return (
    <div class="feel">
      {hasShopped && <Shopper name="You" visits={visits.value} renewed={renewals.value} />}
      {payouts.value.count > 0 && <Shopper name="Your payouts" visits={payouts.value} />}
      {wasFlooded && <InvalidKeys visits={flood.value} />}
    </div>
  );
}

interface ShopperProps {
  readonly name: string;
  readonly visits: Visits;
  readonly renewed?: number;
}

function Shopper({ name, visits, renewed = 0 }: ShopperProps): JSX.Element {
  const { count, letIn, fates, trouble } = visits;
  const usual = usualMs(visits);
  return (
    <div class="feel-row">
      <h3>{name}</h3>
      <p class="figures">
        <strong>
          {letIn === count
            ? `All ${formatCount(count)} let in`
            : `${formatCount(letIn)} of ${formatCount(count)} let in`}
        </strong>
        {usual !== undefined && `, usually in ${formatMs(usual)}`}
        {renewed > 0 && `, session renewed ${renewed === 1 ? 'once' : `${renewed} times`}`}
      </p>
      <Strip fates={fates} />
      {trouble && (
        <p class="hint">
          Last trouble: {trouble.status === 0 ? 'no answer' : trouble.status}{' '}
          {trouble.code && <code>{trouble.code}</code>}
        </p>
      )}
    </div>
  );
}

function InvalidKeys({ visits: { count, letIn, fates, byStatus } }: { readonly visits: Visits }): JSX.Element {
  const answered = Object.entries(byStatus).map(([status, times]) => `${formatCount(times)}\u00a0×\u00a0${status}`);
  return (
    <div class="feel-row">
      <h3>The junk</h3>
      <p class="figures">
        <strong>
          {plural(count, 'made-up key')}, {letIn === 0 ? 'none' : formatCount(letIn)} let in
        </strong>
        {answered.length > 0 && `: ${answered.join(', ')}`}
      </p>
      <Strip fates={fates} />
    </div>
  );
}

/** The last sixty, one glyph each. */
function Strip({ fates }: { readonly fates: readonly Fate[] }): JSX.Element {
  const bad = fates.filter((fate) => fate !== 'let-in');
  const label =
    bad.length === 0
      ? `The last ${fates.length}: all ${FATES['let-in']}`
      : `The last ${fates.length}: ${bad.length} not let in`;
  return (
    <div class="strip" role="img" aria-label={label}>
      {fates.map((fate, index) => (
        <Glyph key={index} fate={fate} />
      ))}
    </div>
  );
}
