import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { BudgetStore } from '../options/store-contracts.js';
import { ResilientStore } from '../cache/resilient-store.js';
import { ProcessBudgetStore, SharedBudgetStore } from './budget-stores.js';

describe('SharedBudgetStore', () => {
  let shared: ProcessBudgetStore;
  let own: ProcessBudgetStore;
  let take: jest.SpiedFunction<BudgetStore['take']>;
  let store: SharedBudgetStore;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    Logger.overrideLogger(false);
    shared = new ProcessBudgetStore(100);
    own = new ProcessBudgetStore(100);
    take = jest.spyOn(shared, 'take');
    store = new SharedBudgetStore(new ResilientStore({}), shared, own);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const takeOne = (): ReturnType<BudgetStore['take']> => store.take('name', 2, 60_000);

  it('does not ask the shared store again before a slot can be available', async () => {
    await shared.take('name', 2, 60_000);
    expect(await takeOne()).toMatchObject({ taken: true });
    take.mockClear();
    await jest.advanceTimersByTimeAsync(10_000);
    for (let i = 0; i < 100; i += 1) expect(await takeOne()).toEqual({ taken: false, retryAfterMs: 50_000 });
    expect(take).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(50_000);
    expect(await takeOne()).toMatchObject({ taken: true });
  });

  it('asks the shared store again after a slot was given back', async () => {
    for (let i = 0; i < 3; i += 1) await takeOne();
    await store.giveBack('name');
    expect(await takeOne()).toMatchObject({ taken: true });
    expect(await takeOne()).toMatchObject({ taken: false });
  });

  it('counts in the process while the shared store is unavailable, also what is given back', async () => {
    take.mockRejectedValue(new Error('down'));
    jest.spyOn(shared, 'giveBack').mockRejectedValue(new Error('down'));
    const slots = [await takeOne(), await takeOne(), await takeOne()];
    expect(slots.map(({ taken }) => taken)).toEqual([true, true, false]);
    await store.giveBack('name');
    expect(await takeOne()).toMatchObject({ taken: true });
    expect(await takeOne()).toMatchObject({ taken: false });
  });
});

describe('the value that a shared budget store returns', () => {
  let store: SharedBudgetStore;
  let resilient: ResilientStore<unknown>;
  let returned: unknown;
  let own: ProcessBudgetStore;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    Logger.overrideLogger(false);
    own = new ProcessBudgetStore(100);
    resilient = new ResilientStore({});
    const shared = { take: () => Promise.resolve(returned), giveBack: () => Promise.resolve() } as BudgetStore;
    store = new SharedBudgetStore(resilient, shared, own);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const take = (): ReturnType<BudgetStore['take']> => store.take('name', 1, 60_000);

  it.each<[string, unknown, number]>([
    ['no time', undefined, 60_000],
    ['null', null, 60_000],
    ['NaN', NaN, 60_000],
    ['a string', '5', 60_000],
    ['Infinity', Infinity, 60_000],
    ['30 years', 30 * 365 * 86_400_000, 60_000],
    ['a negative time', -5, 0],
    ['minus Infinity', -Infinity, 0],
    ['no time left', 0, 0],
    ['a time within the window', 1_234.5, 1_234.5],
    ['the whole window', 60_000, 60_000],
  ])(
    'a value of a shared budget store with %s leads to a wait within the window',
    async (_, retryAfterMs, expected) => {
      returned = { taken: true, retryAfterMs };
      expect(await take()).toEqual({ taken: true, retryAfterMs: expected });
      returned = { taken: false, retryAfterMs };
      expect(await take()).toEqual({ taken: false, retryAfterMs: expected });
      expect(resilient.failures).toBe(0);
    },
  );

  it('asks the shared store again after a second, since another replica may have given a slot back', async () => {
    returned = { taken: false, retryAfterMs: 30 * 365 * 86_400_000 };
    await take();
    returned = { taken: true, retryAfterMs: 60_000 };
    jest.advanceTimersByTime(999);
    expect(await take()).toEqual({ taken: false, retryAfterMs: 59_001 });
    jest.advanceTimersByTime(1);
    expect(await take()).toEqual({ taken: true, retryAfterMs: 60_000 });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a boolean alone', true],
    ['an empty object', {}],
    ['a number in place of a boolean', { taken: 1, retryAfterMs: 5 }],
    ['a string in place of a boolean', { taken: 'false', retryAfterMs: 5 }],
    ['a promise in place of a boolean', { taken: Promise.resolve(true), retryAfterMs: 5 }],
  ])(
    'a value of %s counts as a failure of the shared store, and the replica counts in its process',
    async (_, invalid) => {
      returned = invalid;
      expect(await take()).toEqual({ taken: true, retryAfterMs: 60_000 });
      expect(await take()).toEqual({ taken: false, retryAfterMs: 60_000 });
      expect(resilient.failures).toBe(2);
      expect(await own.take('name', 1, 60_000)).toMatchObject({ taken: false });
    },
  );
});

describe('ProcessBudgetStore', () => {
  it('keeps no entry for a name without a taken slot, so that many of them displace no other name', async () => {
    const store = new ProcessBudgetStore(2);
    await store.take('counted', 1, 60_000);
    for (const name of ['a', 'b', 'c']) {
      await store.take(name, 1, 60_000);
      await store.giveBack(name);
    }
    expect(await store.take('counted', 1, 60_000)).toMatchObject({ taken: false });
  });
});
