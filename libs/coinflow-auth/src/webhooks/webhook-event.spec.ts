import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { deliveryIdOf } from './webhook-event.js';

describe('deliveryIdOf', () => {
  it('identifies a delivery by the SHA-256 of its raw body, in characters that are safe in logs and as a key', () => {
    const body = Buffer.from('{"eventType":"\\r\\n","data":{}}');
    expect(deliveryIdOf(body)).toBe(createHash('sha256').update(body).digest('base64url'));
    expect(deliveryIdOf(body)).toMatch(/^[\w-]{43}$/);
    expect(deliveryIdOf(new Uint8Array(body))).toBe(deliveryIdOf(body));
  });

  it.each([
    ['{"data":{"id":1}}', '{"data":{"id":1 }}'],
    ['{"data":{"id":9007199254740993}}', '{"data":{"id":9007199254740992}}'],
    ['{"data":{"id":1}}', '{"data":{"id":"1"}}'],
  ])('gives the deliveries %s and %s different ids', (first, second) => {
    expect(deliveryIdOf(Buffer.from(first))).not.toBe(deliveryIdOf(Buffer.from(second)));
  });
});
