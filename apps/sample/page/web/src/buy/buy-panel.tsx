import type { JSX } from 'preact';
import { sample } from '../api/sample.js';
import { session } from '../session/session.js';
import { Choices } from '../ui/controls.js';
import { formatMoney } from '../ui/format.js';
import { Panel } from '../ui/panel.js';
import { DEMO_CARDS } from './demo-cards.js';
import { PurchaseView } from './purchase-view.js';
import { AMOUNTS, amount, buy, card, isOpen, purchase } from './purchase.js';

export function BuyPanel(): JSX.Element {
  return (
    <Panel id="buy" title="Buy" about="Pay with a demo card. The webhook of the payment credits your balance.">
      {sample.value?.coinflow ? (
        <Order />
      ) : (
        <p class="note">The demo cards are the emulator’s. With the real Coinflow, its card form creates the token.</p>
      )}
      {purchase.value && <PurchaseView purchase={purchase.value} />}
    </Panel>
  );
}

function Order(): JSX.Element {
  return (
    <>
      <Choices
        legend="Card"
        options={DEMO_CARDS.map((value) => ({ value, name: value.name }))}
        chosen={card.value}
        onChoose={(chosen) => (card.value = chosen)}
        about={card.value.about}
      />
      <Choices
        legend="Amount"
        options={AMOUNTS.map((value) => ({ value, name: formatMoney(value) }))}
        chosen={amount.value}
        onChoose={(chosen) => (amount.value = chosen)}
      />
      <div class="actions send">
        <button type="button" class="primary" disabled={!session.value || isOpen.value} onClick={() => void buy()}>
          Buy for {formatMoney(amount.value)}
        </button>
      </div>
      {!session.value && <p class="hint">Log in to buy.</p>}
    </>
  );
}
