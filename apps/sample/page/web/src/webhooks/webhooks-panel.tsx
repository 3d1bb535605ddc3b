import type { JSX } from 'preact';
import type { DemoWebhook } from '../../../backend/demo-api.js';
import { sample } from '../api/sample.js';
import { balanceStream, type BalanceStream } from '../session/balance-stream.js';
import { balance, session } from '../session/session.js';
import { Failure, Panel } from '../ui/panel.js';
import { formatClock, formatMoney } from '../ui/format.js';
import { deliveries, deliveryFailure, describeChange, isSending, sendWebhook, type Delivery } from './deliveries.js';

const KINDS: readonly { readonly kind: DemoWebhook['kind']; readonly name: string; readonly sent: string }[] = [
  { kind: 'settled', name: 'Settle $5.00', sent: 'Settled' },
  { kind: 'duplicate', name: 'Send a duplicate', sent: 'Settled, sent twice' },
  { kind: 'forged', name: 'Forge a signature', sent: 'Wrong signature' },
];

const BALANCE_HINTS: Record<BalanceStream, string> = {
  off: 'Log in to see your balance.',
  connecting: 'Your balance',
  live: 'Your balance, live',
  ended: 'Your last balance. The stream has ended with the session.',
};

export function WebhooksPanel(): JSX.Element {
  return (
    <Panel
      id="webhooks"
      title="Webhooks"
      about="Coinflow sends a webhook when a payment settles. Each payment is credited once."
    >
      <p class="balance">
        <span class="figures">{balance.value ? formatMoney(balance.value) : '–'}</span>
        <span class="hint">{BALANCE_HINTS[balanceStream.value]}</span>
      </p>
      {sample.value?.webhooks ? (
        <Sending />
      ) : (
        <p class="note">Webhooks are off: set COINFLOW_WEBHOOK_VALIDATION_KEY.</p>
      )}
      {deliveryFailure.value && <Failure response={deliveryFailure.value} />}
      {deliveries.value.length > 0 && (
        <ol class="deliveries">
          {deliveries.value.map((delivery) => (
            <DeliveryRow key={delivery.at} delivery={delivery} />
          ))}
        </ol>
      )}
    </Panel>
  );
}

function Sending(): JSX.Element {
  if (!sample.value?.coinflow) return <p class="note">The real Coinflow sends a webhook when a payment settles.</p>;
  return (
    <div class="actions">
      {KINDS.map(({ kind, name }) => (
        <button
          key={kind}
          type="button"
          disabled={!session.value || isSending.value}
          onClick={() => void sendWebhook(kind)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}

function DeliveryRow({ delivery }: { readonly delivery: Delivery }): JSX.Element {
  const { kind, statuses, at } = delivery;
  return (
    <li>
      <span class="figures hint">{formatClock(at)}</span> {KINDS.find((one) => one.kind === kind)?.sent}: response{' '}
      <strong class="figures">{statuses.join(', ')}</strong>. {describeChange(delivery)}
    </li>
  );
}
