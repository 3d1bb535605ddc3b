// Stripe signs webhooks with the same scheme, so its library is an independent oracle.
import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Stripe } from 'stripe';
import { amount } from '../../../../test/harness/amount.js';
import { isCoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import { signWebhook, verifyWebhookSignature } from './signature.js';

const RUNS = amount('ORACLE_RUNS', { quick: 200, full: 5_000 });
const NOW = 1_717_012_345_678;
const TOLERANCE_SECONDS = 300;

/** Stripe's library treats the body as text. This provider makes it parse and compare bytes. */
const bytewise = Object.assign(Stripe.createNodeCryptoProvider(), {
  computeHMACSignature: (payload: string, secret: string) =>
    createHmac('sha256', secret).update(payload, 'latin1').digest('hex'),
});

/** @param isRejection every other error is a defect */
function isAccepted(verify: () => unknown, isRejection: (error: unknown) => boolean): boolean {
  try {
    verify();
    return true;
  } catch (error) {
    if (isRejection(error)) return false;
    throw error;
  }
}

/** Stripe's library crashes on an empty `v1`, and on one with a character beyond ASCII. */
const isAnyError = (): boolean => true;

function ours(rawBody: Buffer, header: string, keys: string): boolean {
  return isAccepted(() => {
    const headers = { 'coinflow-signature': header };
    verifyWebhookSignature({ rawBody, headers, keys, toleranceMs: TOLERANCE_SECONDS * 1_000, now: NOW });
  }, isCoinflowAuthError);
}

function stripes(rawBody: Buffer, header: string, key: string): boolean {
  // Stripe's library rejects an empty string as missing, but accepts an empty buffer.
  const payload = rawBody.length === 0 ? rawBody : rawBody.toString('latin1');
  return isAccepted(() => {
    Stripe.webhooks.signature?.verifyHeader(payload, header, key, TOLERANCE_SECONDS, bytewise, NOW);
  }, isAnyError);
}

function unmodifiedStripes(rawBody: Buffer, header: string, key: string): boolean {
  return isAccepted(() => {
    Stripe.webhooks.signature?.verifyHeader(rawBody, header, key, TOLERANCE_SECONDS, undefined, NOW);
  }, isAnyError);
}

const KEY_CHARACTERS = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index));
const keys = fc.string({ unit: fc.constantFrom(...KEY_CHARACTERS), minLength: 1, maxLength: 100 });
const bodies = fc.oneof(
  { weight: 300, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 300, arbitrary: fc.json().map((text) => Buffer.from(text)) },
  { weight: 100, arbitrary: fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)) },
  { weight: 100, arbitrary: fc.json().map((text) => Buffer.from(`\uFEFF${text.replaceAll(',', ',\r\n')}`)) },
  { weight: 50, arbitrary: fc.array(fc.integer({ min: 0xd800, max: 0xdfff })).map(loneSurrogates) },
  { weight: 10, arbitrary: fc.constant(Buffer.alloc(0)) },
  { weight: 1, arbitrary: fc.nat(255).map((byte) => Buffer.alloc(1 << 20, byte)) },
);
const ages = fc.oneof(fc.constantFrom(0, 299, 300, 301, -299), fc.integer({ min: -300, max: 100_000 }));

/** Both as bytes, which are not valid UTF-8, and as JSON escapes. */
function loneSurrogates(units: number[]): Buffer {
  const escapes = units.map((unit) => `\\u${unit.toString(16)}`).join('');
  const raw = units.flatMap((unit) => [0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)]);
  return Buffer.concat([Buffer.from(`{"data":"${escapes}`), Buffer.from(raw), Buffer.from('"}')]);
}

function flip(bytes: Buffer, bit: number): Buffer {
  const flipped = Buffer.from(bytes);
  if (flipped.length > 0)
    flipped.writeUInt8(flipped.readUInt8((bit >> 3) % flipped.length) ^ (1 << (bit & 7)), (bit >> 3) % flipped.length);
  return flipped;
}

const flipText = (text: string, bit: number): string => flip(Buffer.from(text, 'latin1'), bit).toString('latin1');

/** The same delivery with one bit of each of its parts flipped. */
function mutations(body: Buffer, header: string, key: string, bit: number): [Buffer, string, string][] {
  const [, t = '', v1 = ''] = /^t=(\d+),v1=(\w+)$/.exec(header) ?? [];
  return [
    ...(body.length > 0 ? [[flip(body, bit), header, key] satisfies [Buffer, string, string]] : []),
    [body, `t=${flipText(t, bit)},v1=${v1}`, key],
    [body, `t=${t},v1=${flipText(v1, bit)}`, key],
    [body, header, flipText(key, bit)],
  ];
}

describe('verifyWebhookSignature', () => {
  it(`agrees with Stripe's library on ${RUNS} random bodies, and on each with one bit flipped`, () => {
    let accepted = 0;
    const property = fc.property(bodies, keys, ages, fc.nat(), (body, key, age, bit) => {
      const now = NOW - age * 1_000;
      const header = signWebhook({ rawBody: body, keys: key, now });
      const valid = ours(body, header, key);
      accepted += Number(valid);
      expect([valid, stripes(body, header, key)]).toEqual([age <= TOLERANCE_SECONDS, age <= TOLERANCE_SECONDS]);
      for (const [mutated, mutatedHeader, mutatedKey] of mutations(body, header, key, bit)) {
        expect(ours(mutated, mutatedHeader, mutatedKey)).toBe(false);
        expect(stripes(mutated, mutatedHeader, mutatedKey)).toBe(false);
      }
    });
    fc.assert(property, { numRuns: RUNS });
    expect(accepted).toBeGreaterThan(RUNS / 4);
  }, 1_800_000);

  it("agrees with Stripe's library on every flipped bit of some deliveries", () => {
    for (const body of [Buffer.from('{"id":"p1"}'), Buffer.from('\uFEFF{}'), Buffer.from([0xff, 0xfe, 0x00, 0x0d])]) {
      const header = signWebhook({ rawBody: body, keys: 'key', now: NOW });
      for (let bit = 0; bit < 512; bit += 1) {
        for (const [mutated, mutatedHeader, key] of mutations(body, header, 'key', bit)) {
          expect([ours(mutated, mutatedHeader, key), stripes(mutated, mutatedHeader, key)]).toEqual([false, false]);
        }
      }
    }
  });

  it("creates the same signatures as Stripe's library and accepts its signatures", () => {
    const property = fc.property(fc.json(), keys, (payload, secret) => {
      const timestamp = Math.floor(NOW / 1_000);
      const theirs = Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
      expect(signWebhook({ rawBody: payload, keys: secret, now: NOW })).toBe(theirs);
      expect(ours(Buffer.from(payload), theirs, secret)).toBe(true);
      const event = Stripe.webhooks.constructEvent(payload, theirs, secret, TOLERANCE_SECONDS, undefined, NOW);
      expect(event).toEqual(JSON.parse(payload));
    });
    fc.assert(property, { numRuns: Math.min(RUNS, 1_000) });
  });

  it.each([
    ['a BOM', Buffer.from('\uFEFF{}')],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])("accepts %s, which Stripe's unmodified library rejects because it signs text instead of bytes", (_, body) => {
    const header = signWebhook({ rawBody: body, keys: 'key', now: NOW });
    expect([ours(body, header, 'key'), unmodifiedStripes(body, header, 'key')]).toEqual([true, false]);
  });
});
