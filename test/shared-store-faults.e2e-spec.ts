import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { CoinflowSharedStore, RevocationBoard } from '../libs/coinflow-auth/src/options/store-contracts.js';
import { RecordingLogger } from './harness/recording-logger.js';
import { SharedStore } from '../libs/coinflow-auth/test-doubles/shared-store.js';
import { TestService } from '../libs/coinflow-auth/test-doubles/test-service.js';

const NEVER = (): Promise<never> => new Promise(() => undefined);
const KEY = 'an-opaque-session-key';

/** A store that the application provides may hang or fail at any step. */
describe('a shared store of the application', () => {
  let logger: RecordingLogger;
  let feed: { publish: () => Promise<void>; close: () => void };

  beforeEach(() => {
    Logger.overrideLogger((logger = new RecordingLogger()));
    feed = { publish: () => Promise.resolve(), close: () => undefined };
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  function serviceWith(open: RevocationBoard['open'], close?: () => Promise<void>): TestService {
    const store: CoinflowSharedStore = Object.assign(new SharedStore(), { revocations: { open }, close });
    return new TestService({
      env: 'local',
      apiKey: 'key',
      merchantId: 'ours',
      baseUrl: 'http://127.0.0.1:9',
      store,
    });
  }

  it('a store whose revocations never open does not keep the application from starting, and is reported', async () => {
    const service = serviceWith(NEVER);
    const starting = service.start();
    await jest.advanceTimersByTimeAsync(29_999);
    expect(logger.at('warn')).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    await starting;
    expect(logger.at('warn')).toEqual([expect.stringMatching(/did not open within 30 s.*\[revocations-unavailable\]/)]);
    expect(service.metrics().sharedStore).toMatchObject({ revocationsKnown: false });
  });

  it('a store whose revocations fail to open after the timeout does not end the process', async () => {
    let fail: (error: Error) => void = () => undefined;
    const service = serviceWith(() => new Promise((_, reject) => (fail = reject)));
    const starting = service.start();
    await jest.advanceTimersByTimeAsync(30_000);
    await starting;
    fail(new Error('canary'));
    // Jest fails a test in which a rejection is found unhandled: once all microtasks have run.
    await new Promise(setImmediate);
  });

  it('a store whose revocations cannot be opened keeps the application from starting', async () => {
    const service = serviceWith(() => Promise.reject(new Error('no such board')));
    await expect(service.start()).rejects.toThrow('no such board');
  });

  it('a store that never publishes a revocation delays the caller for 5 s only: the key is revoked in this process, and not shared', async () => {
    feed.publish = NEVER;
    const service = serviceWith(() => Promise.resolve(feed));
    await service.start();
    const revoking = service.revokeSessionKey(KEY);
    await jest.advanceTimersByTimeAsync(5_000);
    await expect(revoking).resolves.toEqual({ shared: false });
    await expect(service.verifySessionKey(KEY)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REVOKED' });
  });

  it('revokeSessionKey() reports the revocation as shared with a store that publishes it', async () => {
    const service = serviceWith(() => Promise.resolve(feed));
    await service.start();
    await expect(service.revokeSessionKey(KEY)).resolves.toEqual({ shared: true });
    await expect(service.revokeSessionKey('')).rejects.toMatchObject({ code: 'COINFLOW_SESSION_KEY_MISSING' });
    await expect(service.revokeSessionKey('a b')).rejects.toMatchObject({ code: 'COINFLOW_SESSION_KEY_MALFORMED' });
  });

  it('a store that never closes does not keep the application from shutting down', async () => {
    const service = serviceWith(() => Promise.resolve(feed), NEVER);
    await service.start();
    const closing = service.stop();
    await jest.advanceTimersByTimeAsync(5_000);
    await expect(closing).resolves.toBeUndefined();
  });

  it('a store that cannot be closed fails the shutdown', async () => {
    const service = serviceWith(
      () => Promise.resolve(feed),
      () => Promise.reject(new Error('cannot be closed')),
    );
    await service.start();
    await expect(service.stop()).rejects.toThrow('cannot be closed');
  });
});
