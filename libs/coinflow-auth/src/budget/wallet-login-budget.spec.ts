import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { RecordingLogger } from '../../../../test/harness/recording-logger.js';
import {
  CoinflowInvalidArgumentError,
  CoinflowBudgetExhaustedError,
  CoinflowUnavailableError,
} from '../errors/coinflow-auth.errors.js';
import type { CoinflowBudgetOptions } from '../options/budget-options.js';
import { resolveOptions } from '../options/resolve-options.js';
import { budgetParts, type BudgetParts } from './budget-parts.js';
import { WalletLoginBudget } from './wallet-login-budget.js';

const MINUTE_MS = 60_000;
const SPENT = { code: 'COINFLOW_BUDGET_EXHAUSTED', reason: 'budget-spent' };
const CLOSED = { code: 'COINFLOW_BUDGET_EXHAUSTED', reason: 'budget-closed' };
const LIMITED = { code: 'COINFLOW_TOO_MANY_REQUESTS', reason: 'wallet-logins-per-client' };

const done = (): Promise<string> => Promise.resolve('done');
const rejected = (): Promise<string> => Promise.reject(new CoinflowInvalidArgumentError('wallet', 'is unknown'));
const rateLimited = (): Promise<string> =>
  Promise.reject(new CoinflowBudgetExhaustedError('429', { reason: 'rate-limited-by-coinflow', retryAfterMs: 9_000 }));
const stopped = (): Promise<string> =>
  Promise.reject(new CoinflowUnavailableError('down', { reason: 'breaker-open', retryAfterMs: 1_000 }));

describe('the budget of wallet logins', () => {
  let logger: RecordingLogger;
  let parts: BudgetParts;
  let budget: WalletLoginBudget;

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
    parts = budgetParts(resolveOptions({ env: 'sandbox', apiKey: 'key', merchantId: 'ours', budget: options }));
    budget = new WalletLoginBudget(parts);
  }

  /** How many calls are made of so many logins. */
  async function callsOf(logins: number, client?: string, call = done): Promise<number> {
    let calls = 0;
    for (let i = 0; i < logins; i += 1) {
      await budget.run(client, () => ((calls += 1), call())).catch(() => undefined);
    }
    return calls;
  }

  it('has twenty calls a minute, whatever Coinflow answers, and is a 503 beyond', async () => {
    expect(await callsOf(12)).toBe(12);
    expect(await callsOf(50, undefined, rejected)).toBe(8);
    await expect(budget.run('a', done)).rejects.toMatchObject({ ...SPENT, retryAfterMs: MINUTE_MS });
    expect(logger.at('warn')).toEqual([
      expect.stringContaining('The calls for wallet logins are spent: answered 503 for 60 s'),
    ]);
    expect(parts.statistics.snapshot(0)).toMatchObject({
      used: { walletLogins: 20, newKeys: 0 },
      exhausted: { walletLogins: 43 },
    });
    jest.advanceTimersByTime(MINUTE_MS);
    await expect(budget.run('a', done)).resolves.toBe('done');
  });

  it('has five calls a minute for one client, and is a 429 beyond', async () => {
    expect(await callsOf(50, '2001:db8::1')).toBe(5);
    await expect(budget.run('2001:db8::2', done)).rejects.toMatchObject({ ...LIMITED, retryAfterMs: MINUTE_MS });
    await expect(budget.run('2001:db8:0:1::1', done)).resolves.toBe('done');
    expect(parts.statistics.snapshot(0)).toMatchObject({
      used: { walletLogins: 6 },
      rateLimited: { walletLogins: 46 },
    });
  });

  it('costs a client nothing when no call is left for anybody', async () => {
    start({ walletLogins: 1, walletLoginsPerClient: 1 });
    await callsOf(1);
    for (let i = 0; i < 5; i += 1) await expect(budget.run('a', done)).rejects.toMatchObject(SPENT);
    jest.advanceTimersByTime(MINUTE_MS);
    await expect(budget.run('a', done)).resolves.toBe('done');
  });

  it('is not spent by a call that an open breaker stopped', async () => {
    await callsOf(50, 'a', stopped);
    expect(await callsOf(50, 'a')).toBe(5);
  });

  it('makes no call for a client after a 429, and for nobody after a second one', async () => {
    await callsOf(1, 'a', rateLimited);
    await expect(budget.run('a', done)).rejects.toMatchObject({ ...CLOSED, retryAfterMs: 9_000 });
    await callsOf(1, 'b', rateLimited);
    await expect(budget.run('c', done)).rejects.toMatchObject({ ...CLOSED, retryAfterMs: 9_000 });
    jest.advanceTimersByTime(9_000);
    await expect(budget.run('a', done)).resolves.toBe('done');
  });

  it('takes a refusal of the wallet for an answer: Coinflow does not limit everybody', async () => {
    await callsOf(1, 'a', rateLimited);
    await callsOf(1, 'b', rejected);
    await callsOf(1, 'c', rateLimited);
    await expect(budget.run('d', done)).resolves.toBe('done');
  });
});
