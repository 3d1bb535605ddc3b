import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { DeliveryClaim, DeliveryStore } from '../options/store-contracts.js';
import { DeliveryRunner, type DeliveryOutcome } from './delivery-runner.js';
import type { DeliveryLease } from './webhook-event.js';
import { InMemoryDeliveryStore } from './in-memory-delivery-store.js';

const BUSY = { code: 'COINFLOW_WEBHOOK_BUSY' };
const STORE_UNAVAILABLE = { code: 'COINFLOW_WEBHOOK_STORE_UNAVAILABLE', reason: 'store-failed', retryAfterMs: 5_000 };

/** A run that ends when the test calls `end()`. */
class OpenRun {
  leases: DeliveryLease[] = [];
  end: (error?: Error) => void = () => {
    throw new Error('The run has not begun');
  };

  readonly run = (lease: DeliveryLease): Promise<string> => {
    this.leases.push(lease);
    return new Promise((resolve, reject) => (this.end = (error) => (error ? reject(error) : resolve('value'))));
  };
}

/** A runner of deliveries that must be answered within four seconds. */
class Runner extends DeliveryRunner {
  override run<T>(
    id: string,
    run: (lease: DeliveryLease) => Promise<T>,
    deadline = performance.now() + 4_000,
  ): Promise<DeliveryOutcome<T>> {
    return super.run(id, run, deadline);
  }
}

const succeed = (): Promise<string> => Promise.resolve('value');

/** Advances the time and lets pending promises settle. */
async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
}

describe('DeliveryRunner', () => {
  let store: InMemoryDeliveryStore;
  let here: Runner;
  let elsewhere: Runner;
  let open: OpenRun;

  beforeEach(() => {
    jest.useFakeTimers();
    store = new InMemoryDeliveryStore();
    here = new Runner(store);
    elsewhere = new Runner(store);
    open = new OpenRun();
  });

  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  /** Attaches handlers at once, so that no rejection is unhandled while the test advances the time. */
  const settled = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      (value) => value,
      (error: unknown) => error,
    );

  it('runs a delivery once and reports the next one as a duplicate', async () => {
    const run = jest.fn<(lease: DeliveryLease) => Promise<string>>(succeed);
    expect(await here.run('a', run)).toEqual({ isDuplicate: false, value: 'value' });
    expect(await here.run('a', run)).toEqual({ isDuplicate: true });
    expect(await elsewhere.run('a', run)).toEqual({ isDuplicate: true });
    expect(run).toHaveBeenCalledTimes(1);
    expect(run).toHaveBeenCalledWith({ fencingToken: expect.any(Number), signal: expect.any(AbortSignal) });
  });

  it('runs two different deliveries at the same time', async () => {
    const first = here.run('a', open.run);
    expect(await here.run('b', succeed)).toEqual({ isDuplicate: false, value: 'value' });
    await pass(0);
    open.end();
    await first;
  });

  it('lets a duplicate wait for the run of this process without a call to the store', async () => {
    const first = here.run('a', open.run);
    const claim = jest.spyOn(store, 'claim');
    const duplicates = [here.run('a', open.run), here.run('a', open.run)];
    await pass(0);
    open.end();
    expect(await first).toEqual({ isDuplicate: false, value: 'value' });
    expect(await Promise.all(duplicates)).toEqual([{ isDuplicate: true }, { isDuplicate: true }]);
    expect(open.leases).toHaveLength(1);
    expect(claim).not.toHaveBeenCalled();
  });

  it('fails a duplicate with the run that it waits for, and runs the next delivery', async () => {
    const first = settled(here.run('a', open.run));
    const duplicate = settled(here.run('a', open.run));
    await pass(0);
    const failure = new Error('failed');
    open.end(failure);
    expect(await Promise.all([first, duplicate])).toEqual([failure, failure]);
    expect(await here.run('a', succeed)).toEqual({ isDuplicate: false, value: 'value' });
  });

  describe('lease renewal', () => {
    it('keeps the lease of a delivery for the whole run', async () => {
      const first = here.run('a', open.run);
      await pass(60_000);
      expect((await store.claim('a', 1)).state).toBe('running');
      open.end();
      expect(await first).toEqual({ isDuplicate: false, value: 'value' });
      expect(open.leases[0]?.signal.aborted).toBe(false);
    });

    it('renews the leases of all runs with one timer, and has none while nothing runs', async () => {
      const runs = ['a', 'b', 'c'].map((id) => {
        const one = new OpenRun();
        return { one, done: here.run(id, one.run) };
      });
      await pass(0);
      expect(jest.getTimerCount()).toBe(1);
      for (const { one } of runs) one.end();
      await Promise.all(runs.map(({ done }) => done));
      expect(jest.getTimerCount()).toBe(0);
    });

    it('aborts the signal of a run when the store rejects a renewal, and reports a lost lease although the run ends', async () => {
      const first = settled(here.run('a', open.run));
      await pass(0);
      jest.spyOn(store, 'renew').mockResolvedValue(false);
      await pass(1_000);
      expect(open.leases[0]?.signal.aborted).toBe(true);
      await pass(10_000);
      const other = new OpenRun();
      const second = elsewhere.run('a', other.run);
      await pass(0);
      expect(other.leases[0]!.fencingToken).toBeGreaterThan(open.leases[0]!.fencingToken);
      open.end();
      expect(await first).toMatchObject({ ...BUSY, reason: 'lease-lost' });
      expect(other.leases[0]?.signal.aborted).toBe(false);
      other.end();
      expect(await second).toMatchObject({ isDuplicate: false });
    });

    it('measures the lease from before the claim was sent, so that it ends in time after a slow claim', async () => {
      const claim = store.claim.bind(store);
      jest.spyOn(store, 'claim').mockImplementation(async (id, leaseMs) => {
        const won = await claim(id, leaseMs);
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        return won;
      });
      jest.spyOn(store, 'renew').mockReturnValue(new Promise(() => undefined));
      const first = settled(here.run('a', open.run));
      await pass(8_500);
      expect(open.leases[0]?.signal.aborted).toBe(false);
      await pass(1_000);
      expect(open.leases[0]?.signal.aborted).toBe(true);
      open.end();
      await first;
    });

    it('measures a renewed lease from before the renewal was sent, not from its response', async () => {
      const renew = store.renew.bind(store);
      const first = settled(here.run('a', open.run));
      await pass(0);
      jest.spyOn(store, 'renew').mockImplementationOnce(async (...given) => {
        const isOurs = await renew(...given);
        await new Promise((resolve) => setTimeout(resolve, 900));
        return isOurs;
      });
      await pass(1_900);
      jest.spyOn(store, 'renew').mockReturnValue(new Promise(() => undefined));
      await pass(8_099);
      expect(open.leases[0]?.signal.aborted).toBe(false);
      await pass(1);
      expect(open.leases[0]?.signal.aborted).toBe(true);
      open.end();
      await first;
    });

    it('ignores the result of a renewal when the run has ended', async () => {
      let answer: (isOurs: boolean) => void = () => undefined;
      const first = here.run('a', open.run);
      await pass(0);
      jest.spyOn(store, 'renew').mockReturnValue(new Promise((resolve) => (answer = resolve)));
      await pass(1_000);
      open.end();
      await first;
      answer(false);
      await pass(0);
      expect(open.leases[0]?.signal.aborted).toBe(false);
    });

    it.each(['rejects', 'throws'])(
      'retries a renewal that the store %s until just before the lease expires',
      async (how) => {
        const first = settled(here.run('a', open.run));
        await pass(0);
        const renew = jest.spyOn(store, 'renew').mockImplementation(() => {
          if (how === 'throws') throw new Error('down');
          return Promise.reject(new Error('down'));
        });
        await pass(8_999);
        expect(renew).toHaveBeenCalledTimes(8);
        expect(open.leases[0]?.signal.aborted).toBe(false);
        await pass(1);
        expect(open.leases[0]?.signal.aborted).toBe(true);
        // The store still has the lease.
        expect((await store.claim('a', 1)).state).toBe('running');
        open.end();
        // No other replica has claimed the delivery, so it has succeeded.
        expect(await first).toEqual({ isDuplicate: false, value: 'value' });
      },
    );
  });

  describe('an unavailable store', () => {
    const fail = (): never => {
      throw new Error('ECONNREFUSED');
    };

    it('does not run a delivery that cannot be claimed', async () => {
      jest.spyOn(store, 'claim').mockImplementation(fail);
      const run = jest.fn(succeed);
      await expect(here.run('a', run)).rejects.toMatchObject({
        ...STORE_UNAVAILABLE,
        cause: new Error('ECONNREFUSED'),
      });
      expect(run).not.toHaveBeenCalled();
    });

    it('reports an unavailable store when a success cannot be recorded before the lease ends, and runs the next delivery', async () => {
      const complete = jest.spyOn(store, 'complete').mockRejectedValue(new Error('ECONNRESET'));
      const first = settled(here.run('a', succeed));
      await pass(10_000);
      expect(await first).toMatchObject(STORE_UNAVAILABLE);
      expect(complete.mock.calls.length).toBeGreaterThan(8);
      complete.mockRestore();
      expect(await here.run('a', succeed)).toMatchObject({ isDuplicate: false });
    });

    it('tries to record the success of a run again', async () => {
      const complete = jest.spyOn(store, 'complete');
      for (let time = 0; time < 3; time += 1) complete.mockRejectedValueOnce(new Error('ECONNRESET'));
      const first = here.run('a', succeed);
      await pass(1_000);
      expect(await first).toEqual({ isDuplicate: false, value: 'value' });
      expect(await here.run('a', succeed)).toEqual({ isDuplicate: true });
    });

    it('tries no longer to record the success of a run that has lost its lease', async () => {
      const complete = jest.spyOn(store, 'complete').mockRejectedValue(new Error('ECONNRESET'));
      jest.spyOn(store, 'renew').mockResolvedValue(false);
      const first = settled(here.run('a', succeed));
      await pass(1_000);
      const { length } = complete.mock.calls;
      await pass(9_000);
      expect(await first).toMatchObject(STORE_UNAVAILABLE);
      expect(complete.mock.calls.length).toBeLessThanOrEqual(length + 1);
    });

    it('releases a claim that succeeds after the timeout, and does not run', async () => {
      let answer: () => void = () => undefined;
      const claim = store.claim.bind(store);
      jest.spyOn(store, 'claim').mockImplementationOnce(async (id, leaseMs) => {
        await new Promise<void>((resolve) => (answer = resolve));
        return claim(id, leaseMs);
      });
      const run = jest.fn(succeed);
      const first = settled(here.run('a', run));
      await pass(2_000);
      expect(await first).toMatchObject({ ...STORE_UNAVAILABLE, cause: { name: 'TimeoutError' } });
      answer();
      await pass(0);
      expect(run).not.toHaveBeenCalled();
      expect(await elsewhere.run('a', succeed)).toMatchObject({ isDuplicate: false });
    });

    it.each(['complete', 'release', 'renew', 'forget'] as const)(
      'does not wait forever for a store that never responds to %s',
      async (which) => {
        jest.spyOn(store, which).mockReturnValue(new Promise<never>(() => undefined));
        const failing = (): Promise<string> => Promise.reject(new Error('failed'));
        const runs = [
          which === 'forget' ? here.forget('a') : here.run('a', which === 'release' ? failing : succeed),
        ].map(settled);
        await pass(20_000);
        const [outcome] = await Promise.all(runs);
        if (which === 'renew') expect(outcome).toEqual({ isDuplicate: false, value: 'value' });
        else expect(outcome).toMatchObject(which === 'release' ? { message: 'failed' } : STORE_UNAVAILABLE);
      },
    );

    it('rejects with the error of the run when the store cannot release it', async () => {
      jest.spyOn(store, 'release').mockImplementation(fail);
      const failure = new Error('failed');
      await expect(here.run('a', () => Promise.reject(failure))).rejects.toBe(failure);
    });
  });
});

describe('DeliveryRunner in real time', () => {
  it('waits for the run of a delivery in another replica', async () => {
    const store = new InMemoryDeliveryStore();
    const open = new OpenRun();
    const first = new Runner(store).run('a', open.run);
    const duplicate = new Runner(store).run('a', succeed);
    await new Promise(setImmediate);
    open.end();
    await first;
    expect(await duplicate).toEqual({ isDuplicate: true });
  });

  it('runs a delivery whose run in another replica fails while it waits', async () => {
    const store = new InMemoryDeliveryStore();
    const open = new OpenRun();
    const first = new Runner(store).run('a', open.run);
    const next = new Runner(store).run('a', succeed);
    await new Promise(setImmediate);
    open.end(new Error('failed'));
    await expect(first).rejects.toThrow('failed');
    expect(await next).toMatchObject({ isDuplicate: false });
  });

  it('waits for another run until the deadline, in this process and in another replica', async () => {
    const store = new InMemoryDeliveryStore();
    const runner = new Runner(store);
    const open = new OpenRun();
    const first = runner.run('a', open.run);
    const startedAt = performance.now();
    const busy = await Promise.allSettled([new Runner(store).run('a', succeed), runner.run('a', succeed)]);
    const waitedMs = performance.now() - startedAt;
    expect(busy).toMatchObject([
      { reason: { ...BUSY, reason: 'running-elsewhere' } },
      { reason: { ...BUSY, reason: 'still-running' } },
    ]);
    expect(waitedMs).toBeGreaterThan(3_500);
    expect(waitedMs).toBeLessThan(4_900);
    open.end();
    await first;
  });

  it('does not wait for another run when the next claim would come after the deadline', async () => {
    const claim = jest.fn<DeliveryStore['claim']>().mockResolvedValue({ state: 'running' } satisfies DeliveryClaim);
    const runner = new Runner(Object.assign(new InMemoryDeliveryStore(), { claim }));
    await expect(runner.run('a', succeed, performance.now() + 10)).rejects.toMatchObject(BUSY);
    expect(claim).toHaveBeenCalledTimes(1);
  });

  it('does not keep the process alive with its renewal timer', async () => {
    const setTimer = jest.spyOn(globalThis, 'setInterval');
    const open = new OpenRun();
    const first = new Runner(new InMemoryDeliveryStore()).run('a', open.run);
    await new Promise(setImmediate);
    expect(setTimer.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef())).toEqual([false]);
    setTimer.mockRestore();
    open.end();
    await first;
  });

  it('sends a limited number of claims while it waits', async () => {
    const claim = jest.fn<DeliveryStore['claim']>().mockResolvedValue({ state: 'running' } satisfies DeliveryClaim);
    const store = Object.assign(new InMemoryDeliveryStore(), { claim });
    await expect(new Runner(store).run('a', succeed)).rejects.toMatchObject(BUSY);
    expect(claim.mock.calls.length).toBeLessThan(25);
  });
});
