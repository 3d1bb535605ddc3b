import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { HEADER_VALUE_RULE } from '../util/header-value.js';
import { resolveOptions, type ResolvedWebhookOptions } from './resolve-options.js';
import type { DeliveryStore } from './store-contracts.js';
import type { CoinflowWebhookOptions } from './coinflow-auth-options.js';

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

describe('option webhook', () => {
  it('fills in the defaults of webhook', () => {
    const { keys, ...rest } = resolve({ keys: KEY })!;
    expect(keys()).toEqual([KEY]);
    expect(rest).toEqual({
      acceptAuthorization: false,
      toleranceMs: 37 * 60 * MINUTE,
      unrecordedToleranceMs: 5 * MINUTE,
      acceptMerchant: undefined,
      consumer: undefined,
      shutdownTimeoutMs: 10_000,
      deliveries: undefined,
    });
  });

  it('treats null as an option that is not given', () => {
    expect(resolve({ keys: KEY, acceptAuthorization: null, toleranceMs: null, deliveries: null })).toMatchObject({
      acceptAuthorization: false,
      toleranceMs: 37 * 60 * MINUTE,
      deliveries: undefined,
    });
    expect(resolve(null)).toBeFalsy();
  });

  it('limits the age of a signature to 5 minutes where deliveries are not remembered', () => {
    expect(resolve({ keys: KEY, deliveries: false })).toMatchObject({ toleranceMs: 5 * MINUTE });
    expect(resolve({ keys: KEY, consumer: 'billing', deliveries: store })).toMatchObject({
      toleranceMs: 37 * 60 * MINUTE,
    });
    expect(resolve({ keys: KEY, toleranceMs: 7 })).toMatchObject({ toleranceMs: 7, unrecordedToleranceMs: 7 });
  });

  it('keeps the delivery store, copies the keys, and shows no key', () => {
    const given = {
      keys: [KEY, 'canary_old'],
      consumer: 'c',
      deliveries: store,
    };
    const resolved = resolve(given)!;
    given.keys.push('canary_later');
    expect(resolved.keys()).toEqual([KEY, 'canary_old']);
    expect(resolved.deliveries).toBe(store);
    expect(Object.isFrozen(resolved) && Object.isFrozen(resolved.keys())).toBe(true);
    expect(inspect(resolved, { depth: Infinity }) + JSON.stringify(resolved)).not.toContain('canary');
  });

  it.each([undefined, '', [], [''], [KEY, ' x'], [KEY, 5], 5, null])('rejects %j as webhook.keys', (keys) => {
    expect(problems({ keys })).toEqual([
      `  - webhook.keys ${HEADER_VALUE_RULE}, or a list of such keys, or a function that returns them` +
        ' (environment variable COINFLOW_WEBHOOK_VALIDATION_KEY)',
    ]);
  });

  it('accepts a function as webhook.keys, and calls it each time', () => {
    let count = 0;
    const resolved = resolve({ keys: () => [`canary ${(count += 1)}`] })!;
    expect([resolved.keys(), resolved.keys()]).toEqual([['canary 1'], ['canary 2']]);
  });

  it('accepts a toleranceMs of at most 37 hours, for which deliveries are remembered', () => {
    expect(problems({ keys: KEY, toleranceMs: 37 * 60 * MINUTE })).toEqual([]);
    expect(problems({ keys: KEY, toleranceMs: 37 * 60 * MINUTE + 1 })).toHaveLength(1);
  });

  const VARIABLE = '(environment variable COINFLOW_WEBHOOK_CONSUMER)';

  it.each([undefined, null])('requires a consumer with a delivery store: %j', (consumer) => {
    for (const deliveries of [store, {}]) {
      expect(problems({ keys: KEY, deliveries, consumer })).toContain(
        `  - webhook.consumer is required when webhook.deliveries is a store ${VARIABLE}`,
      );
    }
  });

  it.each(['', ' billing', 5])('rejects %j as the name of a consumer', (consumer) => {
    for (const deliveries of [store, {}, undefined]) {
      expect(problems({ keys: KEY, deliveries, consumer })).toContain(
        '  - webhook.consumer must be the name of the application that handles these webhooks,' +
          ` in 1 to 256 visible ASCII characters ${VARIABLE}`,
      );
    }
  });

  it('accepts a consumer without a delivery store, and none', () => {
    for (const deliveries of [undefined, null, false]) {
      expect(resolve({ keys: KEY, deliveries, consumer: 'billing' })).toMatchObject({ consumer: 'billing' });
      expect(resolve({ keys: KEY, deliveries })).toMatchObject({ consumer: undefined });
      expect(problems({ keys: KEY, deliveries, consumer: '' })).toHaveLength(1);
    }
  });

  it.each(['true', 1, ['authorization']])('rejects %j as acceptAuthorization', (acceptAuthorization) => {
    expect(problems({ keys: KEY, acceptAuthorization })).toEqual([
      '  - webhook.acceptAuthorization must be true or false',
    ]);
  });

  it('reports every mistake in webhook at once', () => {
    expect(
      problems({
        keys: KEY,
        toleranceMs: -1,
        deliveries: { claim: true },
        consumer: 'c',
        key: KEY,
        acceptAuthorization: 'canary',
      }),
    ).toEqual([
      '  - webhook.key is not an option of this version',
      '  - webhook.acceptAuthorization must be true or false',
      '  - webhook.toleranceMs must be a whole number from 1 to 133200000',
      '  - webhook.deliveries must be redisDeliveryStore(), false, or an object with the methods claim, renew, complete, release, forget',
    ]);
    expect(problems(KEY)[0]).toBe('  - webhook must be an object');
  });
});
