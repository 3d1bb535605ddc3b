import type { JSX } from 'preact';
import { Failure } from '../ui/panel.js';
import { formatMoney } from '../ui/format.js';
import { balance } from '../session/session.js';
import { ChallengeFrame } from './challenge-frame.js';
import { completeChallenge, describePurchase, endPurchase, isCredited, type Purchase } from './purchase.js';

/** What became of a purchase. */
export function PurchaseView({ purchase }: { readonly purchase: Purchase }): JSX.Element {
  return (
    <div class={`purchase is-${purchase.state}`}>
      <p>
        <strong>{describePurchase(purchase)}</strong>
      </p>
      <Details purchase={purchase} />
    </div>
  );
}

function Details({ purchase }: { readonly purchase: Purchase }): JSX.Element | null {
  switch (purchase.state) {
    case 'paid':
      return <Credit waiting="Your balance increases when the webhook arrives." />;
    case 'unknown':
      return (
        <>
          <Credit waiting="Do not pay again. Wait for your balance: it increases if the card was charged." />
          {!isCredited.value && <EndButton name="I have checked: it was not charged" />}
        </>
      );
    case 'challenge':
      return (
        <>
          <ChallengeFrame challenge={purchase.challenge} onDecision={() => void completeChallenge()} />
          <EndButton name="Cancel" />
        </>
      );
    case 'failed':
      return <Failure response={purchase.response} />;
    default:
      return null;
  }
}

/** The balance stream shows when the webhook has arrived. */
function Credit({ waiting }: { readonly waiting: string }): JSX.Element {
  const isKnown = isCredited.value && balance.value;
  return <p class="hint">{isKnown ? `Credited: your balance is ${formatMoney(isKnown)}.` : waiting}</p>;
}

function EndButton({ name }: { readonly name: string }): JSX.Element {
  return (
    <button type="button" class="quiet" onClick={endPurchase}>
      {name}
    </button>
  );
}
