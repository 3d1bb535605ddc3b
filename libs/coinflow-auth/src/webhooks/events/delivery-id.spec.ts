import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { deliveryIdOf } from './delivery-id.js';
import { COINFLOW_EVENT_TYPES } from './event-types.js';
import { parseEvent } from './parse-event.js';

const SCOPE = ['prod', 'merchant'];
const SETTLED = { eventType: 'Settled', category: 'Purchase', created: '2026-01-01', data: { id: 'p1', n: 1 } };

function idOf(event: object, scope = SCOPE, format?: number): string {
  const rawBody = Buffer.from(JSON.stringify(event, null, format));
  return deliveryIdOf(parseEvent(rawBody), rawBody, scope);
}

describe('the identity of a delivery', () => {
  it('is safe in a log and as a key', () => {
    expect(idOf(SETTLED)).toMatch(/^[\w-]{43}$/);
    expect(idOf({ eventType: '\r\n', data: {} })).toMatch(/^[\w-]{43}$/);
  });

  it('is that of its type, id and `created`, however it is written and whatever else it says', () => {
    const { eventType, category, created, data } = SETTLED;
    const same = [
      idOf(SETTLED, SCOPE, 2),
      idOf({ data, created, eventType, category }),
      idOf({ ...SETTLED, category: 'Other', data: { n: 2, id: 'p1', more: true } }),
    ];
    expect(new Set([idOf(SETTLED), ...same]).size).toBe(1);
  });

  it.each<[string, object, string[]]>([
    ['type', { ...SETTLED, eventType: 'Disbursed Funds' }, SCOPE],
    ['id', { ...SETTLED, data: { id: 'p2' } }, SCOPE],
    ['id of another kind', { ...SETTLED, data: { id: 1 } }, SCOPE],
    ['created', { ...SETTLED, created: '2026-01-02' }, SCOPE],
    ['merchant', SETTLED, ['prod', 'other']],
    ['environment', SETTLED, ['sandbox', 'merchant']],
  ])('another %s is another delivery', (_, event, scope) => {
    expect(idOf(event, scope)).not.toBe(idOf(SETTLED));
  });

  it.each([
    ['Subscription Created', { subscriptionId: 's' }, { subscriptionId: 't' }],
    ['Iban RFI Created', { rfiId: 'r', paymentId: 'p' }, { rfiId: 's', paymentId: 'p' }],
    ['Crypto Payin Funds Received', { transactionHash: 'h', paymentId: 'p' }, { transactionHash: 'i', paymentId: 'p' }],
    ['Withdraw Success', { signature: 's', wallet: 'w' }, { signature: 't', wallet: 'w' }],
    [
      'Withdraw Pending',
      { signature: '', idempotencyKey: 'k', wallet: 'w' },
      { signature: '', idempotencyKey: 'l', wallet: 'w' },
    ],
    ['Refund', { paymentId: 'p', wallet: 'w' }, { paymentId: 'q', wallet: 'w' }],
    ['KYC Success', { wallet: 'w' }, { wallet: 'x' }],
    ['Sub-merchant KYB Success', { merchantId: 'm', email: 'e' }, { merchantId: 'm', email: 'f' }],
    [
      'Customer Override Limit Threshold',
      { customerId: 'c', thresholdPercent: '50' },
      { customerId: 'c', thresholdPercent: '80' },
    ],
  ])('%s has an id of its own', (eventType, data, other) => {
    const event = { ...SETTLED, eventType };
    expect(idOf({ ...event, data: { ...data, more: 1 } })).toBe(idOf({ ...event, data: { ...data, more: 2 } }));
    expect(idOf({ ...event, data: other })).not.toBe(idOf({ ...event, data }));
  });

  it.each<[string, object]>([
    ['without `created`', { ...SETTLED, created: undefined }],
    ['with a `created` that is no text', { ...SETTLED, created: 5 }],
    ['without an id', { ...SETTLED, data: {} }],
    ['with an id that is an object', { ...SETTLED, data: { id: { toString: 'p1' } } }],
    ['with an empty id', { ...SETTLED, data: { id: '' } }],
    ['of a type that is not known', { ...SETTLED, eventType: 'New', data: { wallet: 'w', paymentId: 'p' } }],
  ])('an event %s is its body: two that differ at all are two', (_, event) => {
    const other = { ...event, data: { ...(event as typeof SETTLED).data, more: true } };
    expect(idOf(event)).toBe(idOf(event));
    expect(idOf(event)).not.toBe(idOf(other));
    expect(idOf(event)).not.toBe(idOf(event, SCOPE, 1));
    expect(idOf(event)).not.toBe(idOf(event, ['prod', 'other']));
  });

  it('takes no id from a prototype', () => {
    const raw = Buffer.from('{"eventType":"Settled","created":"c","data":{"__proto__":{"id":"p1"},"n":1}}');
    const other = Buffer.from('{"eventType":"Settled","created":"c","data":{"__proto__":{"id":"p1"},"n":2}}');
    expect(deliveryIdOf(parseEvent(raw), raw, SCOPE)).not.toBe(deliveryIdOf(parseEvent(other), other, SCOPE));
  });

  it('never confuses two lists of texts, wherever one ends', () => {
    const texts = fc.record({
      eventType: fc.constantFrom(...COINFLOW_EVENT_TYPES),
      id: fc.string(),
      created: fc.string(),
    });
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        const [left, right] = [a, b].map(({ id, ...rest }) => idOf({ ...rest, data: { id } }));
        expect(left === right).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});
