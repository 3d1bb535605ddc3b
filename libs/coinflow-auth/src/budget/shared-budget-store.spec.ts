import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { BudgetStore } from '../options/budget-store.js';
import { ResilientStore } from '../cache/resilient-store.js';
import { ProcessBudgetStore } from './process-budget-store.js';
import { SharedBudgetStore } from './shared-budget-store.js';

describe('a budget that instances share', () => {
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

  const wish = (): ReturnType<BudgetStore['take']> => store.take('name', 2, 60_000);

  it('of which nothing is left is not asked about again before there is', async () => {
    await shared.take('name', 2, 60_000);
    expect(await wish()).toMatchObject({ taken: true });
    take.mockClear();
    await jest.advanceTimersByTimeAsync(10_000);
    for (let i = 0; i < 100; i += 1) expect(await wish()).toEqual({ taken: false, retryAfterMs: 50_000 });
    expect(take).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(50_000);
    expect(await wish()).toMatchObject({ taken: true });
  });

  it('of which a slot came back is asked about again', async () => {
    for (let i = 0; i < 3; i += 1) await wish();
    await store.giveBack('name');
    expect(await wish()).toMatchObject({ taken: true });
    expect(await wish()).toMatchObject({ taken: false });
  });

  it('that is away is each instance’s own: nobody gets more for it, and what is given back is its own, too', async () => {
    take.mockRejectedValue(new Error('away'));
    jest.spyOn(shared, 'giveBack').mockRejectedValue(new Error('away'));
    const slots = [await wish(), await wish(), await wish()];
    expect(slots.map(({ taken }) => taken)).toEqual([true, true, false]);
    await store.giveBack('name');
    expect(await wish()).toMatchObject({ taken: true });
    expect(await wish()).toMatchObject({ taken: false });
  });
});

describe('the answer of a budget store', () => {
  let store: SharedBudgetStore;
  let resilient: ResilientStore<unknown>;
  let answer: unknown;
  let own: ProcessBudgetStore;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    Logger.overrideLogger(false);
    own = new ProcessBudgetStore(100);
    resilient = new ResilientStore({});
    const shared = { take: () => Promise.resolve(answer), giveBack: () => Promise.resolve() } as BudgetStore;
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
  ])('with %s means a wait within the window', async (_, retryAfterMs, expected) => {
    answer = { taken: true, retryAfterMs };
    expect(await take()).toEqual({ taken: true, retryAfterMs: expected });
    answer = { taken: false, retryAfterMs };
    expect(await take()).toEqual({ taken: false, retryAfterMs: expected });
    expect(resilient.failures).toBe(0);
  });

  it('is asked for again after a second, since another replica may have given a slot back', async () => {
    answer = { taken: false, retryAfterMs: 30 * 365 * 86_400_000 };
    await take();
    answer = { taken: true, retryAfterMs: 60_000 };
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
  ])('that is %s counts as a failed store: the replica counts by itself', async (_, nonsense) => {
    answer = nonsense;
    expect(await take()).toEqual({ taken: true, retryAfterMs: 60_000 });
    expect(await take()).toEqual({ taken: false, retryAfterMs: 60_000 });
    expect(resilient.failures).toBe(2);
    expect(await own.take('name', 1, 60_000)).toMatchObject({ taken: false });
  });
});

describe('a budget in the process', () => {
  it('keeps no place for a name of which nothing is counted: many of them push nobody out', async () => {
    const store = new ProcessBudgetStore(2);
    await store.take('counted', 1, 60_000);
    for (const name of ['a', 'b', 'c']) {
      await store.take(name, 1, 60_000);
      await store.giveBack(name);
    }
    expect(await store.take('counted', 1, 60_000)).toMatchObject({ taken: false });
  });
});
