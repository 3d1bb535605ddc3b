import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { DeliveryStore } from './delivery-store.js';
import { resolveOptions } from './resolve-options.js';
import type { CoinflowWebhookOptions, ResolvedWebhookOptions } from './webhook-options.js';

const KEY = 'canary_webhook_key';
const MINUTE = 60_000;
const store = { claim() {}, renew() {}, complete() {}, release() {}, forget() {} } as unknown as DeliveryStore;

function resolve(webhook: unknown): ResolvedWebhookOptions | undefined {
  return resolveOptions({
    env: 'sandbox',
    apiKey: 'k',
    merchantId: 'm',
    webhook: webhook as CoinflowWebhookOptions,
  }).webhook;
}

function problems(webhook: unknown): string[] {
  try {
    resolve(webhook);
    return [];
  } catch (error) {
    expect((error as Error).message).not.toContain('canary');
    return (error as Error).message.split('\n').slice(1);
  }
}

describe('the options of webhooks', () => {
  it('have defaults', () => {
    const { keys, ...rest } = resolve({ keys: KEY })!;
    expect(keys()).toEqual([KEY]);
    expect(rest).toEqual({
      proofs: ['signature'],
      toleranceMs: 37 * 60 * MINUTE,
      unrememberedToleranceMs: 5 * MINUTE,
      acceptMerchant: undefined,
      consumer: undefined,
      shutdownTimeoutMs: 10_000,
      deliveries: undefined,
    });
  });

  it('null is as good as absent', () => {
    expect(resolve({ keys: KEY, proofs: null, toleranceMs: null, deliveries: null })).toMatchObject({
      proofs: ['signature'],
      toleranceMs: 37 * 60 * MINUTE,
      deliveries: undefined,
    });
    expect(resolve(null)).toBeFalsy();
  });

  it('a signature may be old only where deliveries are remembered, unless the user says so', () => {
    expect(resolve({ keys: KEY, deliveries: false })).toMatchObject({ toleranceMs: 5 * MINUTE });
    expect(resolve({ keys: KEY, consumer: 'billing', deliveries: store })).toMatchObject({
      toleranceMs: 37 * 60 * MINUTE,
    });
    expect(resolve({ keys: KEY, toleranceMs: 7 })).toMatchObject({ toleranceMs: 7, unrememberedToleranceMs: 7 });
  });

  it('keep the store itself, copy the rest, and show no key', () => {
    const given = {
      keys: [KEY, 'canary_old'],
      proofs: ['signature', 'authorization'],
      consumer: 'c',
      deliveries: store,
    };
    const resolved = resolve(given)!;
    given.keys.push('canary_later');
    given.proofs.pop();
    expect(resolved.keys()).toEqual([KEY, 'canary_old']);
    expect(resolved).toMatchObject({ proofs: ['signature', 'authorization'] });
    expect(resolved.deliveries).toBe(store);
    expect(Object.isFrozen(resolved) && Object.isFrozen(resolved.keys()) && Object.isFrozen(resolved.proofs)).toBe(
      true,
    );
    expect(inspect(resolved, { depth: Infinity }) + JSON.stringify(resolved)).not.toContain('canary');
  });

  it.each([undefined, '', [], [''], [KEY, ' x'], [KEY, 5], 5, null])('keys: %j are none', (keys) => {
    expect(problems({ keys })).toEqual([
      '  - webhook.keys must be 1 to 256 visible ASCII characters without leading or trailing whitespace, or a list of such keys, or a function that gives them' +
        ' (environment variable COINFLOW_WEBHOOK_VALIDATION_KEY)',
    ]);
  });

  it('keys may be a function, which is asked each time', () => {
    let count = 0;
    const resolved = resolve({ keys: () => [`canary ${(count += 1)}`] })!;
    expect([resolved.keys(), resolved.keys()]).toEqual([['canary 1'], ['canary 2']]);
  });

  it('a signature may be as old as deliveries are remembered, and no older', () => {
    expect(problems({ keys: KEY, toleranceMs: 37 * 60 * MINUTE })).toEqual([]);
    expect(problems({ keys: KEY, toleranceMs: 37 * 60 * MINUTE + 1 })).toHaveLength(1);
  });

  it.each([undefined, null, '', ' billing', 5])(
    'a store of deliveries needs the name of its consumer: %j is none',
    (consumer) => {
      for (const deliveries of [store, {}]) {
        expect(problems({ keys: KEY, deliveries, consumer })).toContain(
          '  - webhook.consumer must name the application that handles these webhooks in 1 to 256 visible ASCII characters,' +
            ' and is required where webhook.deliveries is a store (environment variable COINFLOW_WEBHOOK_CONSUMER)',
        );
      }
    },
  );

  it('a consumer may be named or not where no store is', () => {
    for (const deliveries of [undefined, null, false]) {
      expect(resolve({ keys: KEY, deliveries, consumer: 'billing' })).toMatchObject({ consumer: 'billing' });
      expect(resolve({ keys: KEY, deliveries })).toMatchObject({ consumer: undefined });
      expect(problems({ keys: KEY, deliveries, consumer: '' })).toHaveLength(1);
    }
  });

  it('the signature is always among the proofs', () => {
    for (const proofs of [[], ['authorization'], ['signature', 'none'], 'signature', { includes: 1 }]) {
      expect([proofs, problems({ keys: KEY, proofs })]).toEqual([
        proofs,
        [expect.stringContaining("webhook.proofs must be ['signature'] or")],
      ]);
    }
  });

  it('names every mistake at once', () => {
    expect(
      problems({
        keys: KEY,
        toleranceMs: -1,
        deliveries: { claim: true },
        consumer: 'c',
        key: KEY,
        proofs: ['canary'],
      }),
    ).toEqual([
      '  - webhook.key is not an option of this version',
      "  - webhook.proofs must be ['signature'] or ['signature', 'authorization']",
      '  - webhook.toleranceMs must be a whole number from 1 to 133200000',
      '  - webhook.deliveries must be redisDeliveryStore(), false, or have the methods claim, renew, complete, release, forget',
    ]);
    expect(problems(KEY)[0]).toBe('  - webhook must be an object');
  });
});
