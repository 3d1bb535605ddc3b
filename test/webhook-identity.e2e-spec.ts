import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { OnCoinflowEvent, type CoinflowWebhookEvent } from 'nestjs-coinflow-auth';
import { createWebhookApp, settled, type WebhookApp } from './harness/webhooks.js';

const ran: CoinflowWebhookEvent[] = [];

@Injectable()
class Handlers {
  @OnCoinflowEvent()
  all(event: CoinflowWebhookEvent): void {
    ran.push(event);
  }
}

const CREATED = '2026-01-01T00:00:00.000Z';
const usd = (cents: number): object => ({ cents, currency: 'USD' });
const TRANSFER = { transactionHash: '0xab', sessionId: 's', depositAddress: '0x1', amount: usd(500) };
const PAYOUT = { signature: 'sig', wallet: '0x1', total: usd(500), currency: 'USD' };
const REFUND = { paymentId: 'p', wallet: '0x1', status: 'Settled', totals: { total: usd(500) } };
const CHARGEBACK = { id: 'p', chargebackId: 'c1', customerId: 'alice' };

let app: WebhookApp;

beforeAll(async () => {
  app = await createWebhookApp({ providers: [Handlers] });
});
afterAll(() => app.close());
beforeEach(() => void (ran.length = 0));

describe('the identity of an event', () => {
  it.each<[string, string, object, object]>([
    ['deposits of one transaction', 'Crypto Deposit Funds Received', TRANSFER, { ...TRANSFER, user: 'bob' }],
    ['deposits of other amounts', 'Crypto Deposit Funds Received', TRANSFER, { ...TRANSFER, amount: usd(700) }],
    ['transfers for one payment', 'Crypto Payin Funds Received', TRANSFER, { ...TRANSFER, amount: usd(700) }],
    ['payees of one transaction', 'Withdraw Success', PAYOUT, { ...PAYOUT, wallet: '0x2' }],
    ['pending payouts of one wallet', 'Withdraw Pending', { ...PAYOUT, signature: '' }, { wallet: '0x1' }],
    ['failed payouts with one key', 'Wire Failure', { idempotencyKey: 'k' }, { idempotencyKey: 'k', total: usd(1) }],
    ['chargebacks of a payment', 'Card Payment Chargeback Opened', CHARGEBACK, { ...CHARGEBACK, chargebackId: 'c2' }],
    ['merchants of a split payment', 'Disbursed Funds', { id: 'p', amount: usd(1) }, { id: 'p', amount: usd(2) }],
    ['partial refunds of a payment', 'Refund', REFUND, { ...REFUND, totals: { total: usd(700) } }],
    ['states of a refund', 'Refund', { ...REFUND, status: 'Pending' }, REFUND],
    [
      'reserves of a payment',
      'Reserve Released',
      { paymentId: 'p', amount: usd(1) },
      { paymentId: 'p', amount: usd(2) },
    ],
    ['subscription failures', 'Subscription Failure', { subscriptionId: 's', reason: 'a' }, { subscriptionId: 's' }],
    ['chains of a wallet', 'KYC Success', { wallet: 'w', blockchain: 'eth' }, { wallet: 'w', blockchain: 'base' }],
    ['reasons of a merchant', 'Sub-merchant KYB Failure', { merchantId: 'm', reason: 'a' }, { merchantId: 'm' }],
    ['requests about a transfer', 'Iban RFI Created', { rfiId: 'r', dueDate: 'a' }, { rfiId: 'r', dueDate: 'b' }],
    [
      'thresholds',
      'Customer Override Limit Threshold',
      { customerId: 'c' },
      { customerId: 'c', thresholdPercent: '80' },
    ],
    ['payments whose numbers differ', 'Credits Minted', { id: 'p', total: usd(1) }, { id: 'p', total: usd(2) }],
    ['events of an unknown type', 'Never Heard Of', { id: 'p', n: 1 }, { id: 'p', n: 2 }],
  ])('runs both of two events with the same type and `created`: %s (%s)', async (pair, eventType, first, second) => {
    for (const data of [first, second]) {
      const event = { eventType, category: 'Purchase', created: CREATED, pair, data };
      expect((await app.deliver(event)).status).toBe(200);
      // The same body again is a duplicate.
      expect((await app.deliver(event)).status).toBe(200);
    }
    expect(ran.map(({ data }) => data)).toEqual([first, second]);
    expect(new Set(ran.map(({ deliveryId }) => deliveryId)).size).toBe(2);
  });

  it('runs both of two events whose ids beyond 2^53 are equal as numbers', async () => {
    for (const id of ['9007199254740992', '9007199254740993']) {
      await app.deliver({}, { raw: `{"eventType":"Settled","created":"${CREATED}","data":{"id":${id}}}` });
    }
    expect(ran).toHaveLength(2);
  });
});

it('runs a retry with another `created` again, but not one with only a new signature', async () => {
  const { duplicates } = app.webhookMetrics();
  await app.deliver(settled());
  await app.deliver(settled(), { now: Date.now() - 3_600_000 });
  expect(ran).toHaveLength(1);
  expect(app.webhookMetrics().duplicates).toBe(duplicates + 1);
  await app.deliver(settled({}, { created: '2026-01-02T00:00:00.000Z' }));
  expect(ran).toHaveLength(2);
});
