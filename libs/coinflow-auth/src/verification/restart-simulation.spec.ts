// What a restart of everything at peak costs, with the real verifier and budget, and a clock and a Coinflow that are not.
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { amount } from '../../../../test/harness/amount.js';
import { FakeCoinflow, TestInstance } from '../../test-doubles/fake-coinflow.js';
import { SharedStore } from '../../test-doubles/shared-store.js';
import { ProcessBudgetStore } from '../budget/budget-stores.js';

const USERS = amount('SIMULATION_USERS', { quick: 80, full: 1_000 });
const INSTANCES = 8;
const MINUTE_MS = 60_000;
/** Proofs hold longer than anything takes, so that every call is one for a key that is new. */
const DAY_MS = 86_400_000;
/** Of 60 calls a minute those for keys that are new. */
const NEW_KEYS = 15;

type Keys = 'attested' | 'plain';

/** As `redisSharedStore()` does it: the instances count together. */
class StoreWithBudget extends SharedStore {
  readonly budget = new ProcessBudgetStore(10_000);
}

describe.each<Keys>(['attested', 'plain'])('%s keys, all used once a minute, on any instance', (kind) => {
  let coinflow: FakeCoinflow;
  let store: StoreWithBudget;
  let keys: string[];
  let instances: TestInstance[];

  beforeEach(async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    Logger.overrideLogger(false);
    coinflow = new FakeCoinflow();
    store = new StoreWithBudget();
    const login = new TestInstance(coinflow);
    keys = [];
    for (let user = 0; user < USERS; user += 1) {
      const { key, attestedKey = '' } = await login.create(`user-${user}`);
      keys.push(kind === 'attested' ? attestedKey : key);
    }
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  /** Processes that have just started. */
  function restart({ shared }: { shared: boolean }): void {
    const options = {
      budget: { verificationsPerMinute: 60, rejectionsPerClient: 0, newKeysPerClient: 1_000 },
      cache: { ttlMs: DAY_MS },
      ...(shared && { store }),
    };
    instances = Array.from({ length: INSTANCES }, () => new TestInstance(coinflow, options));
  }

  /** Everybody comes once. How many were let in, and how many calls that took. */
  async function minute(round: number): Promise<{ served: number; calls: number }> {
    const before = coinflow.asked.length;
    const decisions = keys.map(async (key, user) => instances[(user + round * 3) % INSTANCES]?.decide(key));
    const settled = Promise.allSettled(decisions);
    await jest.advanceTimersByTimeAsync(MINUTE_MS);
    const served = (await settled).filter(({ status }) => status === 'fulfilled').length;
    return { served, calls: coinflow.asked.length - before };
  }

  /** Until a minute in which everybody was let in. */
  async function untilAllAreServed(): Promise<{ minutes: number; calls: number; mostCalls: number }> {
    let calls = 0;
    let mostCalls = 0;
    for (let minutes = 0; minutes < 600; minutes += 1) {
      const one = await minute(minutes);
      calls += one.calls;
      mostCalls = Math.max(mostCalls, one.calls);
      if (one.served === USERS) return { minutes, calls, mostCalls };
    }
    throw new Error('Not within ten hours');
  }

  it('all instances restart, with a store that they share', async () => {
    restart({ shared: true });
    const first = await untilAllAreServed();
    restart({ shared: true });
    const again = await untilAllAreServed();
    // What one has proven before the restart none need ask after it.
    expect(again).toEqual({ minutes: 0, calls: 0, mostCalls: 0 });
    if (kind === 'attested') expect(first).toEqual(again);
    // Together, and about each key once.
    else expect(first).toMatchObject({ mostCalls: NEW_KEYS, calls: USERS });
    report('restart, shared', first, again);
  });

  it('all instances restart, and each is by itself', async () => {
    restart({ shared: false });
    const found = await untilAllAreServed();
    if (kind === 'attested') expect(found).toEqual({ minutes: 0, calls: 0, mostCalls: 0 });
    // Each asks about the new keys that come to it, so many a minute.
    else expect(found.mostCalls).toBeLessThanOrEqual(INSTANCES * NEW_KEYS);
    report('restart, by itself', found);
  });

  it('the store is flushed', async () => {
    restart({ shared: true });
    await untilAllAreServed();
    store.entries.clear();
    const { served, calls } = await minute(0);
    // Who has come to this instance before is remembered there.
    expect(served).toBeGreaterThanOrEqual(USERS / INSTANCES);
    expect(calls).toBeLessThanOrEqual(kind === 'attested' ? 0 : NEW_KEYS);
    report('flush', { served, calls });
  });

  function report(what: string, ...found: object[]): void {
    if (process.env.SIMULATION_USERS) process.stdout.write(`${kind}, ${what}: ${JSON.stringify(found)}\n`);
  }
});
