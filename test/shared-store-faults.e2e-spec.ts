import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { CoinflowAuthService } from '../libs/coinflow-auth/src/coinflow-auth.service.js';
import type { CoinflowSharedStore, RevocationBoard } from '../libs/coinflow-auth/src/options/shared-store.js';
import { resolveOptions } from '../libs/coinflow-auth/src/options/resolve-options.js';
import { RecordingLogger } from './harness/recording-logger.js';
import { SharedStore } from '../libs/coinflow-auth/test-doubles/shared-store.js';

const NEVER = (): Promise<never> => new Promise(() => undefined);
const KEY = 'an-opaque-session-key';

/** Stores that an application has written itself may do anything. */
describe('a shared store of the application', () => {
  let logger: RecordingLogger;
  let timeLimits: AbortController[];
  let feed: { publish: () => Promise<void>; close: () => void };

  beforeEach(() => {
    Logger.overrideLogger((logger = new RecordingLogger()));
    timeLimits = [];
    feed = { publish: () => Promise.resolve(), close: () => undefined };
    jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
      const limit = new AbortController();
      timeLimits.push(limit);
      return limit.signal;
    });
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  function serviceWith(open: RevocationBoard['open'], close?: () => Promise<void>): CoinflowAuthService {
    const store: CoinflowSharedStore = Object.assign(new SharedStore(), { revocations: { open }, close });
    return new CoinflowAuthService(
      resolveOptions({
        env: 'local',
        apiKey: 'key',
        merchantId: 'ours',
        baseUrl: 'http://127.0.0.1:9',
        store,
      }),
    );
  }

  /** Ends the time that is being waited for. */
  async function timeIsOver(): Promise<void> {
    while (timeLimits.length === 0) await new Promise(setImmediate);
    for (const limit of timeLimits.splice(0)) limit.abort();
  }

  it('whose revocations never open does not keep the application from starting, and is reported', async () => {
    const service = serviceWith(NEVER);
    const starting = service.onApplicationBootstrap();
    await timeIsOver();
    await starting;
    expect(AbortSignal.timeout).toHaveBeenCalledWith(30_000);
    expect(logger.at('warn')).toEqual([expect.stringMatching(/did not open within 30 s.*\[revocations-unknown\]/)]);
    expect(service.metrics().sharedStore).toMatchObject({ revocationsKnown: false });
  });

  it('whose revocations fail to open after that time ends no process', async () => {
    let fail: (error: Error) => void = () => undefined;
    const service = serviceWith(() => new Promise((_, reject) => (fail = reject)));
    const starting = service.onApplicationBootstrap();
    await timeIsOver();
    await starting;
    fail(new Error('canary'));
    // Jest fails a test in which a rejection is found unhandled: once all microtasks have run.
    await new Promise(setImmediate);
  });

  it('whose revocations cannot be opened keeps the application from starting', async () => {
    const service = serviceWith(() => Promise.reject(new Error('no such board')));
    await expect(service.onApplicationBootstrap()).rejects.toThrow('no such board');
  });

  it('that never publishes a revocation does not keep the caller waiting: it holds here, and is not shared', async () => {
    feed.publish = NEVER;
    const service = serviceWith(() => Promise.resolve(feed));
    await service.onApplicationBootstrap();
    timeLimits.splice(0);
    const revoking = service.revokeSessionKey(KEY);
    await timeIsOver();
    await expect(revoking).resolves.toEqual({ shared: false });
    await expect(service.verifySessionKey(KEY)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REVOKED' });
  });

  it('that publishes a revocation has shared it', async () => {
    const service = serviceWith(() => Promise.resolve(feed));
    await service.onApplicationBootstrap();
    await expect(service.revokeSessionKey(KEY)).resolves.toEqual({ shared: true });
    await expect(service.revokeSessionKey('')).rejects.toMatchObject({ code: 'COINFLOW_SESSION_KEY_MISSING' });
    await expect(service.revokeSessionKey('a b')).rejects.toMatchObject({ code: 'COINFLOW_SESSION_KEY_MALFORMED' });
  });

  it('that never closes does not keep the application from shutting down', async () => {
    const service = serviceWith(() => Promise.resolve(feed), NEVER);
    await service.onApplicationBootstrap();
    timeLimits.splice(0);
    const closing = service.onApplicationShutdown();
    await timeIsOver();
    await expect(closing).resolves.toBeUndefined();
  });

  it('that cannot be closed fails the shutdown', async () => {
    const service = serviceWith(
      () => Promise.resolve(feed),
      () => Promise.reject(new Error('cannot be closed')),
    );
    await service.onApplicationBootstrap();
    await expect(service.onApplicationShutdown()).rejects.toThrow('cannot be closed');
  });
});
