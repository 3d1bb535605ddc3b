import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { CoinflowSession } from '../session/coinflow-session.js';
import { DOWN, REJECT, FakeCoinflow } from '../../test-doubles/fake-coinflow.js';
import { TestInstance } from '../../test-doubles/test-instance.js';

const REVOKED = 'COINFLOW_SESSION_REVOKED';
const REJECTED = 'COINFLOW_SESSION_REJECTED';

describe('SessionWatcher', () => {
  let coinflow: FakeCoinflow;
  let instance: TestInstance;
  let ended: string[];

  beforeEach(() => {
    coinflow = new FakeCoinflow();
    instance = new TestInstance(coinflow, { cache: { maxEntries: 2 } });
    ended = [];
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const watch = (session: CoinflowSession, name = ''): (() => void) =>
    instance.sessions.watcher.watch(session, ({ code }) => void ended.push(name + code));

  it('calls the listener when the session key is revoked, in either form', async () => {
    const session = await instance.create();
    watch(session, 'plain ');
    const other = await instance.decide(coinflow.key({ customerId: 'bob' }));
    watch(other, 'bob ');
    await instance.revokeKey(session.attestedKey ?? session.key);
    expect(ended).toEqual([`plain ${REVOKED}`]);
    expect(instance.sessions.watcher.size).toBe(1);
  });

  it('calls the listeners of all sessions of a revoked user, but not of a key that is younger', async () => {
    const iat = Math.floor(coinflow.clock.now() / 1_000);
    const [old, young, bob] = await Promise.all(
      [{ iat: iat - 60 }, { iat: iat + 60 }, { customerId: 'bob' }].map((claims) =>
        instance.decide(coinflow.key(claims)),
      ),
    );
    watch(old!, 'old ');
    watch(young!, 'young ');
    watch(bob!, 'bob ');
    await instance.revokeUser('alice');
    expect(ended).toEqual([`old ${REVOKED}`]);
  });

  it('calls the listener when another request finds that Coinflow rejects the session key', async () => {
    const session = await instance.decide(coinflow.key());
    watch(session);
    coinflow.response = DOWN;
    await expect(instance.decide(session.key, 0)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
    expect(ended).toEqual([]);
    coinflow.response = REJECT;
    await expect(instance.decide(session.key, 0)).rejects.toMatchObject({ code: REJECTED });
    expect(ended).toEqual([REJECTED]);
  });

  it('never asks Coinflow', async () => {
    const session = await instance.decide(coinflow.key());
    const before = coinflow.calls.length;
    watch(session);
    instance.sessions.watcher.checkOf(session)();
    expect(coinflow.calls).toHaveLength(before);
  });

  it('goes on watching a session that leaves the cache', async () => {
    const session = await instance.decide(coinflow.key());
    watch(session);
    for (const customerId of ['bob', 'carol', 'dave']) await instance.decide(coinflow.key({ customerId }));
    expect(instance.sessions.cache.size.sessions).toBe(2);
    expect(ended).toEqual([]);
    await instance.revokeKey(session.key);
    expect(ended).toEqual([REVOKED]);
  });

  it.each<[string, string, (session: CoinflowSession) => Promise<unknown>]>([
    ['revoked', REVOKED, ({ key }) => instance.revokeKey(key)],
    ['of a revoked user', REVOKED, () => instance.revokeUser('alice')],
    [
      'rejected by Coinflow',
      REJECTED,
      ({ key }) => {
        coinflow.response = REJECT;
        return instance.decide(key, 0).catch(() => undefined);
      },
    ],
    [
      'expired',
      'COINFLOW_SESSION_KEY_EXPIRED',
      () => Promise.resolve(jest.useFakeTimers({ now: Date.now() + 90_000_000 })),
    ],
  ])('calls the listener at once for a session that is %s, and watches nothing', async (_, code, end) => {
    const session = await instance.decide(coinflow.key());
    expect(instance.sessions.watcher.checkOf(session)()).toBeUndefined();
    await end(session);
    watch(session)();
    expect(ended).toEqual([code]);
    expect(instance.sessions.watcher.checkOf(session)()).toMatchObject({ code });
    expect(instance.sessions.watcher.size).toBe(0);
  });

  it('watches a session again that Coinflow has accepted after a rejection', async () => {
    jest.useFakeTimers();
    const session = await instance.decide(coinflow.key());
    const { response } = coinflow;
    coinflow.response = REJECT;
    await instance.decide(session.key, 0).catch(() => undefined);
    coinflow.response = response;
    jest.advanceTimersByTime(31_000);
    watch(await instance.decide(session.key));
    expect(ended).toEqual([]);
    expect(instance.sessions.watcher.size).toBe(1);
  });
});
