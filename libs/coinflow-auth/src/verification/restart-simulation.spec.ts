// Simulates a restart of all replicas at peak load. Verifier and budget are real, clock and Coinflow are not.
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { amount } from '../../../../test/harness/amount.js';
import { FakeCoinflow } from '../../test-doubles/fake-coinflow.js';
import { TestInstance } from '../../test-doubles/test-instance.js';
import { SharedStore } from '../../test-doubles/shared-store.js';
import { ProcessBudgetStore } from '../budget/budget-stores.js';

const USERS = amount('SIMULATION_USERS', { quick: 80, full: 1_000 });
const INSTANCES = 8;
const MINUTE_MS = 60_000;
/** Longer than the simulation, so that every call is for a new key. */
const DAY_MS = 86_400_000;
/** The share of new keys in 60 calls a minute. */
const NEW_KEYS = 15;

type Keys = 'attested' | 'plain';

/** Counts for all replicas together, as `redisSharedStore()` does. */
class StoreWithBudget extends SharedStore {
  readonly budget = new ProcessBudgetStore(10_000);
}

describe.each<Keys>(['attested', 'plain'])('%s keys that are used once a minute on any replica', (kind) => {
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

  /** Replicas that have just started. */
  function restart({ shared }: { shared: boolean }): void {
    const options = {
      budget: { verificationsPerMinute: 60, rejectionsPerClient: 0, newKeysPerClient: 1_000 },
      cache: { ttlMs: DAY_MS },
      ...(shared && { store }),
    };
    instances = Array.from({ length: INSTANCES }, () => new TestInstance(coinflow, options));
  }

  /** Each user sends one request. Returns how many were accepted, and how many calls that took. */
  async function minute(round: number): Promise<{ served: number; calls: number }> {
    const before = coinflow.calls.length;
    const decisions = keys.map(async (key, user) => instances[(user + round * 3) % INSTANCES]?.decide(key));
    const settled = Promise.allSettled(decisions);
    await jest.advanceTimersByTimeAsync(MINUTE_MS);
    const served = (await settled).filter(({ status }) => status === 'fulfilled').length;
    return { served, calls: coinflow.calls.length - before };
  }

  /** Runs minutes until every user was accepted in one. */
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

  it('keys in use survive a restart of all replicas with a shared store', async () => {
    restart({ shared: true });
    const first = await untilAllAreServed();
    restart({ shared: true });
    const again = await untilAllAreServed();
    // Sessions that were verified before the restart need no call after it.
    expect(again).toEqual({ minutes: 0, calls: 0, mostCalls: 0 });
    if (kind === 'attested') expect(first).toEqual(again);
    // The replicas together make one call for each key.
    else expect(first).toMatchObject({ mostCalls: NEW_KEYS, calls: USERS });
    report('restart, shared', first, again);
  });

  it('keys in use survive a restart of all replicas without a shared store', async () => {
    restart({ shared: false });
    const found = await untilAllAreServed();
    if (kind === 'attested') expect(found).toEqual({ minutes: 0, calls: 0, mostCalls: 0 });
    // Each replica makes calls for the keys that are new to it, within its budget of a minute.
    else expect(found.mostCalls).toBeLessThanOrEqual(INSTANCES * NEW_KEYS);
    report('restart, by itself', found);
  });

  it('keys in use survive a flush of the store', async () => {
    restart({ shared: true });
    await untilAllAreServed();
    store.entries.clear();
    const { served, calls } = await minute(0);
    // Keys that this replica has verified before are in its cache.
    expect(served).toBeGreaterThanOrEqual(USERS / INSTANCES);
    expect(calls).toBeLessThanOrEqual(kind === 'attested' ? 0 : NEW_KEYS);
    report('flush', { served, calls });
  });

  function report(what: string, ...found: object[]): void {
    if (process.env.SIMULATION_USERS) process.stdout.write(`${kind}, ${what}: ${JSON.stringify(found)}\n`);
  }
});
