import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ACCEPT, DOWN, REJECT, FakeCoinflow } from '../../test-doubles/fake-coinflow.js';
import { TestInstance } from '../../test-doubles/test-instance.js';
import type { CoinflowAuthModuleOptions } from '../options/coinflow-auth-options.js';
import { SharedBoard, SharedStore } from '../../test-doubles/shared-store.js';

const MINUTE_MS = 60_000;
const REJECTED = { code: 'COINFLOW_SESSION_REJECTED' };
const UNAVAILABLE = { code: 'COINFLOW_UNAVAILABLE' };

describe('a rejection by Coinflow', () => {
  let coinflow: FakeCoinflow;
  let store: SharedStore & { revocations: SharedBoard };

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    Logger.overrideLogger(false);
    coinflow = new FakeCoinflow();
    store = Object.assign(new SharedStore(), { revocations: new SharedBoard() });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  async function replica(options: Partial<CoinflowAuthModuleOptions> = { store }): Promise<TestInstance> {
    const one = new TestInstance(coinflow, options);
    await one.sessions.sharedRevocations?.open();
    return one;
  }

  async function attested(): Promise<{ plain: string; tagged: string }> {
    const { key, attestedKey = '' } = await (await replica({})).create();
    return { plain: coinflow.know(key), tagged: attestedKey };
  }

  /** Makes Coinflow respond when the test says so. */
  function pending(): { answer: (answer: () => Promise<void>) => void } {
    let resolve!: (answer: Promise<void>) => void;
    const call = new Promise<void>((one) => (resolve = one));
    coinflow.response = () => call;
    return { answer: (answer) => resolve(answer()) };
  }

  it('a rejection overrides an older acceptance in the shared cache, although this replica did not know the key', async () => {
    const key = coinflow.key();
    const [knows, doesNot] = [await replica(), await replica()];
    await knows.decide(key);
    coinflow.response = REJECT;
    await expect(doesNot.decide(key, 0)).rejects.toMatchObject(REJECTED);
    jest.advanceTimersByTime(MINUTE_MS);
    coinflow.response = DOWN;
    // Not even the replica that verified the key, nor one that starts now, accepts it.
    for (const one of [doesNot, knows, await replica()])
      await expect(one.decide(key)).rejects.toMatchObject(UNAVAILABLE);
    coinflow.response = ACCEPT;
    for (const one of [doesNot, knows]) await expect(one.decide(key)).resolves.toMatchObject({ key });
    coinflow.response = DOWN;
    expect(knows.verify(key)).toMatchObject({ key });
  });

  it('a rejection removes the acceptance from a shared store that shares no revocations', async () => {
    const key = coinflow.key();
    const plainStore = new SharedStore();
    await (await replica({ store: plainStore })).decide(key);
    coinflow.response = REJECT;
    await expect((await replica({ store: plainStore })).decide(key, 0)).rejects.toMatchObject(REJECTED);
    coinflow.response = DOWN;
    await expect((await replica({ store: plainStore })).decide(key)).rejects.toMatchObject(UNAVAILABLE);
  });

  it('a rejection of the plain key applies to its attested form that arrived during the call', async () => {
    const { plain, tagged } = await attested();
    const one = await replica({});
    const call = pending();
    const waiting = one.decide(plain);
    expect(one.verify(tagged)).toMatchObject({ attestedKey: tagged });
    call.answer(REJECT);
    await expect(waiting).rejects.toMatchObject(REJECTED);
    // Rejections of invalid keys do not displace it.
    expect(one.sessions.cache.size).toMatchObject({ sessions: 0, invalidated: 1, rejected: 0 });
    jest.advanceTimersByTime(MINUTE_MS);
    coinflow.response = DOWN;
    await expect(one.decide(tagged)).rejects.toMatchObject(UNAVAILABLE);
    await expect(one.decide(plain)).rejects.toMatchObject(UNAVAILABLE);
  });

  it('a rejection of the plain key applies to its attested form that arrives an hour later', async () => {
    const { plain, tagged } = await attested();
    const one = await replica({});
    coinflow.response = REJECT;
    await expect(one.decide(plain)).rejects.toMatchObject(REJECTED);
    jest.advanceTimersByTime(60 * MINUTE_MS);
    coinflow.response = DOWN;
    await expect(one.decide(tagged)).rejects.toMatchObject(UNAVAILABLE);
    // Rejections of invalid keys do not displace it any more.
    expect(one.sessions.cache.size).toMatchObject({ invalidated: 1, rejected: 0 });
    coinflow.response = ACCEPT;
    await expect(one.decide(tagged)).resolves.toMatchObject({ attestedKey: tagged });
    coinflow.response = DOWN;
    expect(one.verify(plain)).toMatchObject({ key: plain });
  });

  it('a rejection that arrives during the read of the shared cache overrides what is read', async () => {
    const key = coinflow.key();
    const [one, other] = [await replica(), await replica()];
    await one.decide(key);
    const third = await replica();
    let arrive = (): void => undefined;
    const arrival = new Promise<void>((resolve) => (arrive = resolve));
    const read = jest.spyOn(store, 'get').mockImplementationOnce(async (name) => {
      const found = store.entries.get(name)?.value;
      await arrival;
      return found;
    });
    const waiting = third.decide(key);
    coinflow.response = REJECT;
    await expect(other.decide(key, 0)).rejects.toMatchObject(REJECTED);
    coinflow.response = DOWN;
    arrive();
    expect(read).toHaveBeenCalledTimes(1);
    await expect(waiting).rejects.toMatchObject(UNAVAILABLE);
  });

  it.each(['new here', 'rejected here before'])(
    'a rejection on another replica is newer than an acceptance whose call began before, for a key that is %s',
    async (what) => {
      const [one, other] = [await replica(), await replica()];
      const { key } = what === 'new here' ? { key: coinflow.key() } : await one.create();
      if (what !== 'new here') {
        coinflow.response = REJECT;
        await expect(one.decide(key, 0)).rejects.toMatchObject(REJECTED);
      }
      const call = pending();
      const waiting = one.decide(key);
      await jest.advanceTimersByTimeAsync(1);
      coinflow.response = REJECT;
      await expect(other.decide(key)).rejects.toMatchObject(REJECTED);
      call.answer(ACCEPT);
      await expect(waiting).resolves.toMatchObject({ key });
      // The acceptance counts for the request that asked, and for no other.
      coinflow.response = DOWN;
      for (const each of [one, await replica()]) await expect(each.decide(key)).rejects.toMatchObject(UNAVAILABLE);
    },
  );

  it('a rejection that is received again, as after a lost connection, does not end a newer acceptance', async () => {
    const key = coinflow.key();
    const [one, other] = [await replica(), await replica()];
    await one.decide(key);
    coinflow.response = REJECT;
    await expect(one.decide(key, 0)).rejects.toMatchObject(REJECTED);
    coinflow.response = ACCEPT;
    for (const each of [one, other]) await each.decide(key);
    store.revocations.replay();
    coinflow.response = DOWN;
    for (const each of [one, other]) await expect(each.decide(key)).resolves.toMatchObject({ key });
    // The next rejection is applied.
    coinflow.response = REJECT;
    await expect(one.decide(key, 0)).rejects.toMatchObject(REJECTED);
    coinflow.response = DOWN;
    await expect(other.decide(key)).rejects.toMatchObject(UNAVAILABLE);
  });

  it('a rejection that is received again does not end a newer acceptance, although another rejection has replaced it on other replicas', async () => {
    const [one, other] = [await replica(), await replica()];
    const { key } = await one.create();
    coinflow.response = REJECT;
    // For the other replica the key is new: its notice ends later than that of the replica that created the key.
    jest.advanceTimersByTime(1);
    for (const each of [other, one]) await expect(each.decide(key, 0)).rejects.toMatchObject(REJECTED);
    jest.advanceTimersByTime(MINUTE_MS);
    coinflow.response = ACCEPT;
    for (const each of [one, other]) await each.decide(key);
    store.revocations.replay();
    coinflow.response = DOWN;
    for (const each of [one, other]) await expect(each.decide(key)).resolves.toMatchObject({ key });
  });

  it('a rejection on another replica does not end that this application created the key', async () => {
    const [one, other] = [await replica(), await replica()];
    const { key } = await one.create();
    coinflow.response = REJECT;
    for (const each of [one, other]) await expect(each.decide(key, 0)).rejects.toMatchObject(REJECTED);
    coinflow.response = ACCEPT;
    jest.advanceTimersByTime(MINUTE_MS);
    await one.decide(key);
    // Longer than the verification of any other key counts.
    jest.advanceTimersByTime(12 * 60 * MINUTE_MS);
    coinflow.response = DOWN;
    expect(one.verify(key)).toMatchObject({ key });
  });

  it('a rejection ends with a newer acceptance, also when the cache has evicted the key since', async () => {
    const { plain, tagged } = await attested();
    const one = await replica({ cache: { maxEntries: 1 } });
    coinflow.response = REJECT;
    await expect(one.decide(plain)).rejects.toMatchObject(REJECTED);
    jest.advanceTimersByTime(MINUTE_MS);
    coinflow.response = ACCEPT;
    await one.decide(plain);
    await one.decide(coinflow.key({ customerId: 'bob' }));
    const calls = coinflow.calls.length;
    expect(one.verify(tagged)).toMatchObject({ attestedKey: tagged });
    expect(coinflow.calls).toHaveLength(calls);
  });

  it('a rejection is kept until the key expires, or for a day, and no longer', async () => {
    const { plain, tagged } = await attested();
    const one = await replica({});
    coinflow.response = REJECT;
    await expect(one.decide(tagged, 0)).rejects.toMatchObject(REJECTED);
    for (let hour = 0; hour < 20; hour += 1) {
      jest.advanceTimersByTime(60 * MINUTE_MS);
      await expect(one.decide(coinflow.key({ jti: hour }))).rejects.toMatchObject(REJECTED);
    }
    coinflow.response = DOWN;
    for (const key of [plain, tagged]) await expect(one.decide(key)).rejects.toMatchObject(UNAVAILABLE);
    expect(one.sessions.cache.size).toMatchObject({ invalidated: 1, rejected: 20 });
    jest.advanceTimersByTime(24 * 60 * MINUTE_MS);
    coinflow.response = REJECT;
    for (let i = 0; i < 10; i += 1)
      await expect(one.decide(coinflow.key({ jti: `${i}` }))).rejects.toMatchObject(REJECTED);
    await expect(one.decide(coinflow.key({ customerId: 'bob' }))).rejects.toMatchObject(REJECTED);
    expect(one.sessions.cache.size).toMatchObject({ rejected: 11 });
  });

  it('a rejection is ignored when it was not sealed by this application', async () => {
    const key = coinflow.key();
    const one = await replica();
    await one.decide(key);
    coinflow.response = REJECT;
    const foreign = new TestInstance(coinflow, {
      store,
      sealKeys: [Buffer.alloc(32, 9).toString('base64')],
    });
    await foreign.sessions.sharedRevocations?.open();
    await expect(foreign.decide(key, 0)).rejects.toMatchObject(REJECTED);
    coinflow.response = DOWN;
    expect(one.verify(key)).toMatchObject({ key });
  });
});
