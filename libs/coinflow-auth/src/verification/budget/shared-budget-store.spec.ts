import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { BudgetStore } from '../../options/budget-store.js';
import { CarefulStore } from '../shared/careful-store.js';
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
    store = new SharedBudgetStore(new CarefulStore({}), shared, own);
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
