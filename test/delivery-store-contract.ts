import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DeliveryClaim, DeliveryStore } from 'nestjs-coinflow-auth';

const LEASE_MS = 60_000;
const KEEP_MS = 60_000;
/** Short enough to be waited for. */
const SHORT_MS = 40;

type Won = DeliveryClaim & { state: 'won' };

/**
 * What every store of deliveries must do.
 * @param open gives a store, of those that share what they know
 * @param wait until that many milliseconds have passed for the store
 * @param lose makes the stores lose all that they know; those that are opened afterwards know nothing
 */
export function deliveryStoreContract(
  open: () => DeliveryStore,
  wait: (ms: number) => Promise<void>,
  lose: () => Promise<unknown>,
): void {
  let store: DeliveryStore;
  let id: string;

  beforeEach(() => {
    store = open();
    id = idOf(randomBytes(32).toString('base64url'));
  });

  const idOf = (event: string, part = 'handlers'): string => `${event}.${part}`;

  async function win(leaseMs = LEASE_MS): Promise<Won> {
    const claim = await store.claim(id, leaseMs);
    expect(claim).toEqual({ state: 'won', token: expect.any(String), fencingToken: expect.any(Number) });
    return claim as Won;
  }

  const state = async (): Promise<string> => (await store.claim(id, LEASE_MS)).state;

  it('gives a delivery to one', async () => {
    await win();
    expect(await state()).toBe('running');
    expect(await state()).toBe('running');
  });

  it('gives it to one of many that ask at once', async () => {
    const claims = await Promise.all(Array.from({ length: 50 }, () => store.claim(id, LEASE_MS)));
    expect(claims.filter((claim) => claim.state === 'won')).toHaveLength(1);
    expect(claims.filter((claim) => claim.state === 'running')).toHaveLength(49);
  });

  it('knows one delivery from another', async () => {
    const { token } = await win();
    await store.complete(id, token, KEEP_MS);
    const [event = ''] = id.split('.');
    for (const other of [idOf(event, 'other'), idOf(event, 'handlers_'), idOf(`${event.slice(0, -1)}_`)]) {
      id = other;
      await win();
    }
  });

  it('remembers what has succeeded', async () => {
    const { token } = await win();
    expect(await store.complete(id, token, KEEP_MS)).toBe(true);
    expect(await state()).toBe('done');
    expect(await state()).toBe('done');
    // Said again, by a process that did not hear the answer.
    expect(await store.complete(id, token, KEEP_MS)).toBe(true);
    expect(await state()).toBe('done');
  });

  it('for as long as it was told', async () => {
    const { token } = await win();
    await store.complete(id, token, SHORT_MS);
    await wait(2 * SHORT_MS);
    await win();
  });

  it('gives what was given back to the next', async () => {
    const { token } = await win();
    await store.release(id, token);
    await win();
  });

  it('a lease ends', async () => {
    await win(SHORT_MS);
    await wait(2 * SHORT_MS);
    await win();
  });

  it('later if it is renewed', async () => {
    const { token } = await win(SHORT_MS);
    expect(await store.renew(id, token, LEASE_MS)).toBe(true);
    await wait(2 * SHORT_MS);
    expect(await state()).toBe('running');
  });

  it('fencing tokens grow from run to run', async () => {
    const tokens = [];
    for (let run = 0; run < 12; run += 1) {
      const { token, fencingToken } = await win(run === 5 ? SHORT_MS : LEASE_MS);
      tokens.push(fencingToken);
      if (run === 5) await wait(2 * SHORT_MS);
      else await store.release(id, token);
    }
    expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
    expect(tokens[0]).toBeGreaterThan(0);
    expect(tokens.every(Number.isSafeInteger)).toBe(true);
  });

  it('fencing tokens grow after what is known was lost', async () => {
    const before = await win();
    await lose();
    store = open();
    expect((await win()).fencingToken).toBeGreaterThan(before.fencingToken);
  });

  describe('forgets', () => {
    let event: string;

    beforeEach(async () => {
      [event = ''] = id.split('.');
      for (const part of ['handlers', 'route']) {
        id = idOf(event, part);
        await store.complete(id, (await win()).token, KEEP_MS);
      }
    });

    it('whatever of an event has succeeded, so that it runs again', async () => {
      await store.forget(event);
      for (const part of ['handlers', 'route']) {
        id = idOf(event, part);
        const { token } = await win();
        expect(await store.complete(id, token, KEEP_MS)).toBe(true);
      }
      await store.forget(event);
      await win();
    });

    it.each(['one that never succeeded', 'one that succeeded before'])('no run that goes on: %s', async (which) => {
      id = idOf(event, 'other');
      if (which === 'one that succeeded before') {
        await store.complete(id, (await win()).token, SHORT_MS);
        await wait(2 * SHORT_MS);
      }
      const { token } = await win();
      await store.forget(event);
      expect(await state()).toBe('running');
      expect(await store.renew(id, token, LEASE_MS)).toBe(true);
    });

    it('nothing of another event', async () => {
      await store.forget(event.slice(0, -1));
      await store.forget(`${event}_`);
      expect(await state()).toBe('done');
    });
  });

  describe.each(['another’s token', 'a token of a lease that has ended'])('%s', (which) => {
    let stale: string;
    let current: Won;

    beforeEach(async () => {
      if (which === 'another’s token') stale = '1:made-up';
      else {
        stale = (await win(SHORT_MS)).token;
        await wait(2 * SHORT_MS);
      }
      current = await win();
    });

    it('renews nothing', async () => {
      expect(await store.renew(id, stale, LEASE_MS)).toBe(false);
      expect(await store.renew(id, current.token, LEASE_MS)).toBe(true);
    });

    it('completes nothing', async () => {
      expect(await store.complete(id, stale, KEEP_MS)).toBe(false);
      expect(await state()).toBe('running');
      expect(await store.complete(id, current.token, KEEP_MS)).toBe(true);
    });

    it('releases nothing', async () => {
      await store.release(id, stale);
      expect(await state()).toBe('running');
      expect(await store.renew(id, current.token, LEASE_MS)).toBe(true);
    });
  });

  it('a run whose lease has ended has succeeded all the same, if nobody has claimed since', async () => {
    const { token } = await win(SHORT_MS);
    await wait(2 * SHORT_MS);
    expect(await store.renew(id, token, LEASE_MS)).toBe(false);
    expect(await store.complete(id, token, KEEP_MS)).toBe(true);
    expect(await state()).toBe('done');
  });

  it('what has succeeded cannot be given back or renewed', async () => {
    const { token } = await win();
    await store.complete(id, token, KEEP_MS);
    await store.release(id, token);
    expect(await store.renew(id, token, LEASE_MS)).toBe(false);
    expect(await state()).toBe('done');
  });
}
