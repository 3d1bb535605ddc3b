import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { RecordingLogger } from '../../../../test/harness/recording-logger.js';
import {
  CoinflowInvalidArgumentError,
  CoinflowBudgetExhaustedError,
  CoinflowUnavailableError,
} from '../errors/coinflow-auth.errors.js';
import type { CoinflowBudgetOptions } from '../options/coinflow-auth-options.js';
import { resolveOptions } from '../options/resolve-options.js';
import { CallBudget } from './call-budget.js';

const MINUTE_MS = 60_000;
const EXHAUSTED = { code: 'COINFLOW_BUDGET_EXHAUSTED', reason: 'budget-exhausted' };
const CLOSED = { code: 'COINFLOW_BUDGET_EXHAUSTED', reason: 'rate-limit-cooldown' };
const LIMITED = { code: 'COINFLOW_TOO_MANY_REQUESTS', reason: 'wallet-logins-per-client' };

const done = (): Promise<string> => Promise.resolve('done');
const rejected = (): Promise<string> => Promise.reject(new CoinflowInvalidArgumentError('wallet', 'is unknown'));
const rateLimited = (): Promise<string> =>
  Promise.reject(new CoinflowBudgetExhaustedError('429', { reason: 'rate-limited-by-coinflow', retryAfterMs: 9_000 }));
const preventedByBreaker = (): Promise<string> =>
  Promise.reject(new CoinflowUnavailableError('down', { reason: 'breaker-open', retryAfterMs: 1_000 }));

describe('the wallet logins of CallBudget', () => {
  let logger: RecordingLogger;
  let budget: CallBudget;

  beforeEach(() => {
    Logger.overrideLogger((logger = new RecordingLogger()));
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    start();
  });

  afterEach(() => {
    Logger.overrideLogger(false);
    jest.useRealTimers();
  });

  function start(options: CoinflowBudgetOptions = {}): void {
    budget = new CallBudget(resolveOptions({ env: 'sandbox', apiKey: 'key', merchantId: 'ours', budget: options }));
  }

  /** How many calls are made for so many logins. */
  async function callsOf(logins: number, client?: string, call = done): Promise<number> {
    let calls = 0;
    for (let i = 0; i < logins; i += 1) {
      await budget.runWalletLogin(client, () => ((calls += 1), call())).catch(() => undefined);
    }
    return calls;
  }

  it('wallet logins are limited to twenty calls a minute, whatever Coinflow responds; further ones get 503', async () => {
    expect(await callsOf(12)).toBe(12);
    expect(await callsOf(50, undefined, rejected)).toBe(8);
    await expect(budget.runWalletLogin('a', done)).rejects.toMatchObject({ ...EXHAUSTED, retryAfterMs: MINUTE_MS });
    expect(logger.at('warn')).toEqual([
      expect.stringContaining(
        'The budget of calls for wallet logins is exhausted: requests that need one get 503 for 60 s',
      ),
    ]);
    expect(budget.metrics).toMatchObject({
      used: { walletLogins: 20, newKeys: 0 },
      exhausted: { walletLogins: 43 },
    });
    jest.advanceTimersByTime(MINUTE_MS);
    await expect(budget.runWalletLogin('a', done)).resolves.toBe('done');
  });

  it('wallet logins of one client are limited to five calls a minute; further ones get 429', async () => {
    expect(await callsOf(50, '2001:db8::1')).toBe(5);
    await expect(budget.runWalletLogin('2001:db8::2', done)).rejects.toMatchObject({
      ...LIMITED,
      retryAfterMs: MINUTE_MS,
    });
    await expect(budget.runWalletLogin('2001:db8:0:1::1', done)).resolves.toBe('done');
    expect(budget.metrics).toMatchObject({
      used: { walletLogins: 6 },
      rateLimited: { walletLogins: 46 },
    });
  });

  it('wallet logins do not count for a client when the whole budget is exhausted', async () => {
    start({ walletLogins: 1, walletLoginsPerClient: 1 });
    await callsOf(1);
    for (let i = 0; i < 5; i += 1) await expect(budget.runWalletLogin('a', done)).rejects.toMatchObject(EXHAUSTED);
    jest.advanceTimersByTime(MINUTE_MS);
    await expect(budget.runWalletLogin('a', done)).resolves.toBe('done');
  });

  it('wallet logins that an open breaker prevents are not counted', async () => {
    await callsOf(50, 'a', preventedByBreaker);
    expect(await callsOf(50, 'a')).toBe(5);
  });

  it('wallet logins are stopped for the client after a 429, and for all clients after a second one', async () => {
    await callsOf(1, 'a', rateLimited);
    await expect(budget.runWalletLogin('a', done)).rejects.toMatchObject({ ...CLOSED, retryAfterMs: 9_000 });
    await callsOf(1, 'b', rateLimited);
    await expect(budget.runWalletLogin('c', done)).rejects.toMatchObject({ ...CLOSED, retryAfterMs: 9_000 });
    jest.advanceTimersByTime(9_000);
    await expect(budget.runWalletLogin('a', done)).resolves.toBe('done');
  });

  it('wallet logins go on after Coinflow has rejected a wallet, since it does not limit all clients', async () => {
    await callsOf(1, 'a', rateLimited);
    await callsOf(1, 'b', rejected);
    await callsOf(1, 'c', rateLimited);
    await expect(budget.runWalletLogin('d', done)).resolves.toBe('done');
  });
});
