import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { DeliveryClaim, DeliveryStore } from '../../options/delivery-store.js';
import { DeliveryRunner, type DeliveryRun } from './delivery-runner.js';
import { ProcessDeliveryStore } from './process-delivery-store.js';

const BUSY = { code: 'COINFLOW_WEBHOOK_BUSY' };
const AWAY = { code: 'COINFLOW_WEBHOOK_STORE_UNAVAILABLE', reason: 'store-failed', retryAfterMs: 5_000 };

/** A run that ends when the test says so. */
class OpenRun {
  runs: DeliveryRun[] = [];
  end: (error?: Error) => void = () => {
    throw new Error('It has not begun');
  };

  readonly run = (run: DeliveryRun): Promise<string> => {
    this.runs.push(run);
    return new Promise((resolve, reject) => (this.end = (error) => (error ? reject(error) : resolve('value'))));
  };
}

const succeed = (): Promise<string> => Promise.resolve('value');

/** Lets promises that are due settle, and time pass. */
async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
}

describe('DeliveryRunner', () => {
  let store: ProcessDeliveryStore;
  let here: DeliveryRunner;
  let elsewhere: DeliveryRunner;
  let open: OpenRun;

  beforeEach(() => {
    jest.useFakeTimers();
    store = new ProcessDeliveryStore();
    here = new DeliveryRunner(store);
    elsewhere = new DeliveryRunner(store);
    open = new OpenRun();
  });

  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  /** `timers/promises` is not faked by Jest: what it waits for is waited for. */
  const settled = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      (value) => value,
      (error: unknown) => error,
    );

  it('runs once, and says of a repeat that it is one', async () => {
    const run = jest.fn<(run: DeliveryRun) => Promise<string>>(succeed);
    expect(await here.run('a', run)).toEqual({ repeated: false, value: 'value' });
    expect(await here.run('a', run)).toEqual({ repeated: true });
    expect(await elsewhere.run('a', run)).toEqual({ repeated: true });
    expect(run).toHaveBeenCalledTimes(1);
    expect(run).toHaveBeenCalledWith({ fencingToken: expect.any(Number), signal: expect.any(AbortSignal) });
  });

  it('runs two deliveries at the same time', async () => {
    const first = here.run('a', open.run);
    expect(await here.run('b', succeed)).toEqual({ repeated: false, value: 'value' });
    await pass(0);
    open.end();
    await first;
  });

  it('a repeat waits for the run of this process, without asking the store', async () => {
    const first = here.run('a', open.run);
    const claim = jest.spyOn(store, 'claim');
    const repeats = [here.run('a', open.run), here.run('a', open.run)];
    await pass(0);
    open.end();
    expect(await first).toEqual({ repeated: false, value: 'value' });
    expect(await Promise.all(repeats)).toEqual([{ repeated: true }, { repeated: true }]);
    expect(open.runs).toHaveLength(1);
    expect(claim).not.toHaveBeenCalled();
  });

  it('a repeat fails with the run that it waits for, and the next delivery runs', async () => {
    const first = settled(here.run('a', open.run));
    const repeat = settled(here.run('a', open.run));
    await pass(0);
    const failure = new Error('failed');
    open.end(failure);
    expect(await Promise.all([first, repeat])).toEqual([failure, failure]);
    expect(await here.run('a', succeed)).toEqual({ repeated: false, value: 'value' });
  });

  describe('renewal', () => {
    it('keeps the lease for as long as the run takes', async () => {
      const first = here.run('a', open.run);
      await pass(60_000);
      expect((await store.claim('a', 1)).state).toBe('running');
      open.end();
      expect(await first).toEqual({ repeated: false, value: 'value' });
      expect(open.runs[0]?.signal.aborted).toBe(false);
    });

    it('of all runs takes one timer, and none when nothing runs', async () => {
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

    it('that is refused aborts the run’s signal; somebody else may run it now, and the answer is 503', async () => {
      const first = settled(here.run('a', open.run));
      await pass(0);
      jest.spyOn(store, 'renew').mockResolvedValue(false);
      await pass(1_000);
      expect(open.runs[0]?.signal.aborted).toBe(true);
      await pass(10_000);
      const other = new OpenRun();
      const second = elsewhere.run('a', other.run);
      await pass(0);
      expect(other.runs[0]!.fencingToken).toBeGreaterThan(open.runs[0]!.fencingToken);
      open.end();
      expect(await first).toMatchObject({ ...BUSY, reason: 'lease-lost' });
      expect(other.runs[0]?.signal.aborted).toBe(false);
      other.end();
      expect(await second).toMatchObject({ repeated: false });
    });

    it('gives the lease up in time when the claim was answered late: it is counted from before it was sent', async () => {
      const claim = store.claim.bind(store);
      jest.spyOn(store, 'claim').mockImplementation(async (id, leaseMs) => {
        const won = await claim(id, leaseMs);
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        return won;
      });
      jest.spyOn(store, 'renew').mockReturnValue(new Promise(() => undefined));
      const first = settled(here.run('a', open.run));
      await pass(8_500);
      expect(open.runs[0]?.signal.aborted).toBe(false);
      await pass(1_000);
      expect(open.runs[0]?.signal.aborted).toBe(true);
      open.end();
      await first;
    });

    it('counts from before it was sent, not from its answer', async () => {
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
      expect(open.runs[0]?.signal.aborted).toBe(false);
      await pass(1);
      expect(open.runs[0]?.signal.aborted).toBe(true);
      open.end();
      await first;
    });

    it('that is answered when the run has ended aborts nothing', async () => {
      let answer: (isOurs: boolean) => void = () => undefined;
      const first = here.run('a', open.run);
      await pass(0);
      jest.spyOn(store, 'renew').mockReturnValue(new Promise((resolve) => (answer = resolve)));
      await pass(1_000);
      open.end();
      await first;
      answer(false);
      await pass(0);
      expect(open.runs[0]?.signal.aborted).toBe(false);
    });

    it.each(['rejects', 'throws'])(
      'that the store cannot do (%s) is tried again until just before the lease ends',
      async (how) => {
        const first = settled(here.run('a', open.run));
        await pass(0);
        const renew = jest.spyOn(store, 'renew').mockImplementation(() => {
          if (how === 'throws') throw new Error('away');
          return Promise.reject(new Error('away'));
        });
        await pass(8_999);
        expect(renew).toHaveBeenCalledTimes(8);
        expect(open.runs[0]?.signal.aborted).toBe(false);
        await pass(1);
        expect(open.runs[0]?.signal.aborted).toBe(true);
        // Nobody can have it yet.
        expect((await store.claim('a', 1)).state).toBe('running');
        open.end();
        // Nobody has claimed it in between, so that it has succeeded all the same.
        expect(await first).toEqual({ repeated: false, value: 'value' });
      },
    );
  });

  describe('a store that is away', () => {
    const away = (): never => {
      throw new Error('ECONNREFUSED');
    };

    it('at the claim: nothing runs', async () => {
      jest.spyOn(store, 'claim').mockImplementation(away);
      const run = jest.fn(succeed);
      await expect(here.run('a', run)).rejects.toMatchObject({ ...AWAY, cause: new Error('ECONNREFUSED') });
      expect(run).not.toHaveBeenCalled();
    });

    it('after the run, for as long as the lease: 503, and the next delivery runs again', async () => {
      const complete = jest.spyOn(store, 'complete').mockRejectedValue(new Error('ECONNRESET'));
      const first = settled(here.run('a', succeed));
      await pass(10_000);
      expect(await first).toMatchObject(AWAY);
      expect(complete.mock.calls.length).toBeGreaterThan(8);
      complete.mockRestore();
      expect(await here.run('a', succeed)).toMatchObject({ repeated: false });
    });

    it('for a moment after the run: it is tried again, and the delivery has succeeded', async () => {
      const complete = jest.spyOn(store, 'complete');
      for (let time = 0; time < 3; time += 1) complete.mockRejectedValueOnce(new Error('ECONNRESET'));
      const first = here.run('a', succeed);
      await pass(1_000);
      expect(await first).toEqual({ repeated: false, value: 'value' });
      expect(await here.run('a', succeed)).toEqual({ repeated: true });
    });

    it('after the run, and the lease is lost: it is not tried again', async () => {
      const complete = jest.spyOn(store, 'complete').mockRejectedValue(new Error('ECONNRESET'));
      jest.spyOn(store, 'renew').mockResolvedValue(false);
      const first = settled(here.run('a', succeed));
      await pass(1_000);
      const { length } = complete.mock.calls;
      await pass(9_000);
      expect(await first).toMatchObject(AWAY);
      expect(complete.mock.calls.length).toBeLessThanOrEqual(length + 1);
    });

    it('and never answers the claim: nothing runs, and a claim that is won late is given back', async () => {
      let answer: () => void = () => undefined;
      const claim = store.claim.bind(store);
      jest.spyOn(store, 'claim').mockImplementationOnce(async (id, leaseMs) => {
        await new Promise<void>((resolve) => (answer = resolve));
        return claim(id, leaseMs);
      });
      const run = jest.fn(succeed);
      const first = settled(here.run('a', run));
      await pass(2_000);
      expect(await first).toMatchObject({ ...AWAY, cause: { name: 'NoAnswerError' } });
      answer();
      await pass(0);
      expect(run).not.toHaveBeenCalled();
      expect(await elsewhere.run('a', succeed)).toMatchObject({ repeated: false });
    });

    it.each(['complete', 'release', 'renew', 'forget'] as const)(
      'and never answers %s: nothing waits for ever',
      async (which) => {
        jest.spyOn(store, which).mockReturnValue(new Promise<never>(() => undefined));
        const failing = (): Promise<string> => Promise.reject(new Error('failed'));
        const runs = [
          which === 'forget' ? here.forget('a') : here.run('a', which === 'release' ? failing : succeed),
        ].map(settled);
        await pass(20_000);
        const [outcome] = await Promise.all(runs);
        if (which === 'renew') expect(outcome).toEqual({ repeated: false, value: 'value' });
        else expect(outcome).toMatchObject(which === 'release' ? { message: 'failed' } : AWAY);
      },
    );

    it('and cannot give back either: the run’s own error is told', async () => {
      jest.spyOn(store, 'release').mockImplementation(away);
      const failure = new Error('failed');
      await expect(here.run('a', () => Promise.reject(failure))).rejects.toBe(failure);
    });
  });
});

describe('DeliveryRunner, in real time', () => {
  it('waits for a run elsewhere', async () => {
    const store = new ProcessDeliveryStore();
    const open = new OpenRun();
    const first = new DeliveryRunner(store).run('a', open.run);
    const repeat = new DeliveryRunner(store).run('a', succeed);
    await new Promise(setImmediate);
    open.end();
    await first;
    expect(await repeat).toEqual({ repeated: true });
  });

  it('runs what a run elsewhere gave back while it waited', async () => {
    const store = new ProcessDeliveryStore();
    const open = new OpenRun();
    const first = new DeliveryRunner(store).run('a', open.run);
    const next = new DeliveryRunner(store).run('a', succeed);
    await new Promise(setImmediate);
    open.end(new Error('failed'));
    await expect(first).rejects.toThrow('failed');
    expect(await next).toMatchObject({ repeated: false });
  });

  it('for four seconds at most, here and elsewhere, so that Coinflow still hears the answer', async () => {
    const store = new ProcessDeliveryStore();
    const runner = new DeliveryRunner(store);
    const open = new OpenRun();
    const first = runner.run('a', open.run);
    const startedAt = performance.now();
    const busy = await Promise.allSettled([new DeliveryRunner(store).run('a', succeed), runner.run('a', succeed)]);
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

  it('does not wait for a run elsewhere when the next look would come after the deadline', async () => {
    const claim = jest.fn<DeliveryStore['claim']>().mockResolvedValue({ state: 'running' } satisfies DeliveryClaim);
    const runner = new DeliveryRunner({ claim } as unknown as DeliveryStore);
    await expect(runner.run('a', succeed, performance.now() + 10)).rejects.toMatchObject(BUSY);
    expect(claim).toHaveBeenCalledTimes(1);
  });

  it('does not keep the process alive by its renewals', async () => {
    const setTimer = jest.spyOn(globalThis, 'setInterval');
    const open = new OpenRun();
    const first = new DeliveryRunner(new ProcessDeliveryStore()).run('a', open.run);
    await new Promise(setImmediate);
    expect(setTimer.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef())).toEqual([false]);
    setTimer.mockRestore();
    open.end();
    await first;
  });

  it('never asks a store without end: its claims are counted', async () => {
    const claim = jest.fn<DeliveryStore['claim']>().mockResolvedValue({ state: 'running' } satisfies DeliveryClaim);
    const store = { claim } as unknown as DeliveryStore;
    await expect(new DeliveryRunner(store).run('a', succeed)).rejects.toMatchObject(BUSY);
    expect(claim.mock.calls.length).toBeLessThan(25);
  });
});
