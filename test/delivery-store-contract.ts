import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DeliveryClaim, DeliveryStore } from 'nestjs-coinflow-auth';

const LEASE_MS = 60_000;
const KEEP_MS = 60_000;
/** Short enough for a test to wait for. */
const SHORT_MS = 40;
/** Long enough to renew a lease before it expires, also on a slow machine. */
const RENEWABLE_MS = 250;

type Won = DeliveryClaim & { state: 'won' };

/**
 * The tests that every delivery store must pass.
 * @param open returns a store; all stores share their state
 * @param wait waits until that many milliseconds have passed for the store
 * @param loseState deletes the state of the stores; those opened afterwards are empty
 */
export function deliveryStoreContract(
  open: () => DeliveryStore,
  wait: (ms: number) => Promise<void>,
  loseState: () => Promise<unknown>,
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

  it('lets only one claim of a delivery win', async () => {
    await win();
    expect(await state()).toBe('running');
    expect(await state()).toBe('running');
  });

  it('lets only one of many concurrent claims win', async () => {
    const claims = await Promise.all(Array.from({ length: 50 }, () => store.claim(id, LEASE_MS)));
    expect(claims.filter((claim) => claim.state === 'won')).toHaveLength(1);
    expect(claims.filter((claim) => claim.state === 'running')).toHaveLength(49);
  });

  it('distinguishes deliveries by their whole id', async () => {
    const { token } = await win();
    await store.complete(id, token, KEEP_MS);
    const [event = ''] = id.split('.');
    for (const other of [idOf(event, 'other'), idOf(event, 'handlers_'), idOf(`${event.slice(0, -1)}_`)]) {
      id = other;
      await win();
    }
  });

  it('records a delivery that has succeeded', async () => {
    const { token } = await win();
    expect(await store.complete(id, token, KEEP_MS)).toBe(true);
    expect(await state()).toBe('done');
    expect(await state()).toBe('done');
    // Repeated by a replica that did not receive the response.
    expect(await store.complete(id, token, KEEP_MS)).toBe(true);
    expect(await state()).toBe('done');
  });

  it('records a delivery that has succeeded only for as long as requested', async () => {
    const { token } = await win();
    await store.complete(id, token, SHORT_MS);
    await wait(2 * SHORT_MS);
    await win();
  });

  it('lets the next claim of a released delivery win', async () => {
    const { token } = await win();
    await store.release(id, token);
    await win();
  });

  it('lets the next claim win after a lease has expired', async () => {
    await win(SHORT_MS);
    await wait(2 * SHORT_MS);
    await win();
  });

  it('extends a lease that is renewed', async () => {
    const { token } = await win(RENEWABLE_MS);
    expect(await store.renew(id, token, LEASE_MS)).toBe(true);
    await wait(RENEWABLE_MS + SHORT_MS);
    expect(await state()).toBe('running');
  });

  it('returns fencing tokens that grow from run to run', async () => {
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

  it('returns fencing tokens that grow across a loss of its state', async () => {
    const before = await win();
    await loseState();
    store = open();
    expect((await win()).fencingToken).toBeGreaterThan(before.fencingToken);
  });

  describe('forget', () => {
    let event: string;

    beforeEach(async () => {
      [event = ''] = id.split('.');
      for (const part of ['handlers', 'route']) {
        id = idOf(event, part);
        await store.complete(id, (await win()).token, KEEP_MS);
      }
    });

    it('forgets every succeeded delivery of an event, so that the event runs again', async () => {
      await store.forget(event);
      for (const part of ['handlers', 'route']) {
        id = idOf(event, part);
        const { token } = await win();
        expect(await store.complete(id, token, KEEP_MS)).toBe(true);
      }
      await store.forget(event);
      await win();
    });

    it.each(['never succeeded', 'succeeded before'])(
      'keeps the lease of a running delivery of a forgotten event that %s',
      async (which) => {
        id = idOf(event, 'other');
        if (which === 'succeeded before') {
          await store.complete(id, (await win()).token, SHORT_MS);
          await wait(2 * SHORT_MS);
        }
        const { token } = await win();
        await store.forget(event);
        expect(await state()).toBe('running');
        expect(await store.renew(id, token, LEASE_MS)).toBe(true);
      },
    );

    it('keeps the deliveries of other events when it forgets an event', async () => {
      await store.forget(event.slice(0, -1));
      await store.forget(`${event}_`);
      expect(await state()).toBe('done');
    });
  });

  describe.each(['the token of another claim', 'the token of an expired lease'])('%s', (which) => {
    let stale: string;
    let current: Won;

    beforeEach(async () => {
      if (which === 'the token of another claim') stale = '1:forged';
      else {
        stale = (await win(SHORT_MS)).token;
        await wait(2 * SHORT_MS);
      }
      current = await win();
    });

    it(`does not renew a lease with ${which}`, async () => {
      expect(await store.renew(id, stale, LEASE_MS)).toBe(false);
      expect(await store.renew(id, current.token, LEASE_MS)).toBe(true);
    });

    it(`does not complete a delivery with ${which}`, async () => {
      expect(await store.complete(id, stale, KEEP_MS)).toBe(false);
      expect(await state()).toBe('running');
      expect(await store.complete(id, current.token, KEEP_MS)).toBe(true);
    });

    it(`does not release a delivery with ${which}`, async () => {
      await store.release(id, stale);
      expect(await state()).toBe('running');
      expect(await store.renew(id, current.token, LEASE_MS)).toBe(true);
    });
  });

  it('completes a delivery whose lease has expired if there was no other claim since', async () => {
    const { token } = await win(SHORT_MS);
    await wait(2 * SHORT_MS);
    expect(await store.renew(id, token, LEASE_MS)).toBe(false);
    expect(await store.complete(id, token, KEEP_MS)).toBe(true);
    expect(await state()).toBe('done');
  });

  it('neither releases nor renews a delivery that has succeeded', async () => {
    const { token } = await win();
    await store.complete(id, token, KEEP_MS);
    await store.release(id, token);
    expect(await store.renew(id, token, LEASE_MS)).toBe(false);
    expect(await state()).toBe('done');
  });
}
