import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { subjectName } from '../session/subject.js';
import { ACCEPT, FakeCoinflow } from '../../test-doubles/fake-coinflow.js';
import { TestInstance } from '../../test-doubles/test-instance.js';

const DAY_MS = 86_400_000;
const REVOKED = { code: 'COINFLOW_SESSION_REVOKED' };

describe('a revocation', () => {
  let coinflow: FakeCoinflow;
  let one: TestInstance;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    jest.setSystemTime(1_800_000_000_300);
    coinflow = new FakeCoinflow();
    one = new TestInstance(coinflow);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  describe('of a session key', () => {
    it('a revocation of a key applies at once and until the key expires, however the key was verified and written', async () => {
      const { key, attestedKey = '' } = await one.create();
      await one.verify(attestedKey);
      void one.revokeKey(key);
      for (const written of [key, attestedKey]) {
        expect(() => one.verify(written)).toThrow(expect.objectContaining(REVOKED));
        expect(() => one.verify(written, 0)).toThrow(expect.objectContaining(REVOKED));
      }
      jest.advanceTimersByTime(DAY_MS);
      expect(() => one.verify(attestedKey)).toThrow(expect.objectContaining(REVOKED));
      expect(coinflow.calls).toEqual([]);
    });

    it('a revocation of a key can be given the attested form of the key', async () => {
      const { key, attestedKey = '' } = await one.create();
      void one.revokeKey(attestedKey);
      expect(() => one.verify(key)).toThrow(expect.objectContaining(REVOKED));
    });

    it('a revocation of a key cannot be evaded by another spelling of the signature that decodes to the same bytes', async () => {
      const key = coinflow.key();
      await one.decide(key);
      void one.revokeKey(key);
      for (const last of ['B', 'C', 'D']) {
        // Coinflow may decode signatures, and then accepts it.
        const spelling = coinflow.know(key.slice(0, -1) + last);
        await expect(one.decide(spelling)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_KEY_MALFORMED' });
      }
      expect(coinflow.calls).toEqual([key]);
    });

    it('a revocation of a key does not affect other sessions of the user', async () => {
      const { key } = await one.create();
      jest.advanceTimersByTime(1_000);
      const other = await one.create('alice', { fresh: true });
      void one.revokeKey(key);
      expect(one.verify(other.key)).toMatchObject({ key: other.key });
    });

    it('a revocation of a key is not undone by an acceptance whose call began before', async () => {
      const key = coinflow.key();
      let answer = (): void => undefined;
      coinflow.response = () => new Promise((resolve) => (answer = resolve));
      const waiting = one.decide(key);
      await jest.advanceTimersByTimeAsync(0);
      void one.revokeKey(key);
      answer();
      await expect(waiting).rejects.toMatchObject(REVOKED);
      coinflow.response = ACCEPT;
      await expect(one.decide(key)).rejects.toMatchObject(REVOKED);
      expect(one.sessions.cache.size.sessions).toBe(0);
    });

    it('revokeKey() throws for a text that is not a session key', async () => {
      await expect(one.revokeKey('not a key')).rejects.toMatchObject({ code: 'COINFLOW_SESSION_KEY_MALFORMED' });
    });

    it('a revocation of a key is removed once the key has expired, although an earlier one never expires', async () => {
      const unbound = new TestInstance(coinflow, { acceptUnboundKeys: true });
      void unbound.revokeKey(coinflow.know('opaque'));
      for (let day = 0; day < 3; day += 1) {
        void unbound.revokeKey(coinflow.key());
        jest.advanceTimersByTime(DAY_MS + 6_000);
      }
      expect(unbound.sessions.revocations.size.revokedKeys).toBe(2);
      await expect(unbound.decide('opaque')).rejects.toMatchObject(REVOKED);
    });

    it('a revocation of a key is removed once the key has expired', async () => {
      for (let day = 0; day < 3; day += 1) {
        void one.revokeKey((await one.create()).key);
        jest.advanceTimersByTime(DAY_MS + 6_000);
      }
      expect(one.sessions.revocations.size.revokedKeys).toBe(1);
    });
  });

  describe.each([
    ['of a session key', (key: string) => one.revokeKey(key)],
    ['of a user', () => one.revokeUser('alice')],
  ])('of %s, while the clock of this machine is changed,', (_, revoke) => {
    const startMs = 1_800_000_000_300;

    /** Enough revocations for a sweep over all of them. */
    async function sweep(): Promise<void> {
      for (let i = 0; i < 5; i += 1)
        await one.revokeKey(coinflow.key({ customerId: 'bob', jti: `${Date.now()} ${i}` }));
    }

    it('a revocation is not ended early by a clock that is ahead for a while', async () => {
      const key = coinflow.key();
      await revoke(key);
      jest.setSystemTime(startMs + 10 * DAY_MS);
      await sweep();
      jest.setSystemTime(startMs);
      await expect(one.decide(key)).rejects.toMatchObject(REVOKED);
    });

    it.each([
      ['known, for a key that lives long', true, 7],
      ['unknown', false, 1],
    ])(
      "a revocation is not ended early when the clock was ahead at the revocation, with Coinflow's clock %s",
      async (_, isKnown, days) => {
        const lifeMs = days * DAY_MS;
        const key = coinflow.key({ exp: Math.floor((startMs + lifeMs) / 1_000) });
        coinflow.isClockKnown = isKnown;
        jest.setSystemTime(startMs + 10 * DAY_MS);
        await revoke(key);
        jest.advanceTimersByTime(lifeMs - 3_600_000);
        await sweep();
        coinflow.isClockKnown = true;
        jest.setSystemTime(startMs + lifeMs - 3_600_000);
        await expect(one.decide(key)).rejects.toMatchObject(REVOKED);
      },
    );

    it('a revocation is not ended early by a clock that is set back', async () => {
      const key = coinflow.key();
      await revoke(key);
      jest.advanceTimersByTime(DAY_MS + 10_000);
      jest.setSystemTime(startMs + DAY_MS - 3_600_000);
      await sweep();
      await expect(one.decide(key)).rejects.toMatchObject(REVOKED);
    });
  });

  describe('of a user', () => {
    it('a revocation of a user covers every key that was created until this second', async () => {
      const keys = [coinflow.key(), coinflow.key({ iat: 1_799_999_000 }), coinflow.key({ iat: undefined })];
      await Promise.all(keys.map((key) => one.decide(key)));
      const { attestedKey = '' } = await one.create();
      const other = coinflow.key({ customerId: 'bob' });
      void one.revokeUser('alice');
      for (const key of [...keys, attestedKey]) {
        expect(() => one.verify(key)).toThrow(expect.objectContaining(REVOKED));
        expect(() => one.verify(key, 0)).toThrow(expect.objectContaining(REVOKED));
      }
      await expect(one.decide(other)).resolves.toMatchObject({ subject: { userId: 'bob' } });
    });

    it('a revocation of a user is rounded up to the second, and no further', async () => {
      void one.revokeUser('alice');
      const [at, after] = [1_800_000_001, 1_800_000_002].map((iat) => coinflow.key({ iat })) as [string, string];
      await expect(one.decide(at)).rejects.toMatchObject(REVOKED);
      await expect(one.decide(after)).resolves.toMatchObject({ key: after });
    });

    it("a revocation of a user is counted by Coinflow's clock", async () => {
      coinflow.skewMs = 60_000;
      void one.revokeUser('alice');
      await expect(one.decide(coinflow.key({ iat: 1_800_000_061 }))).rejects.toMatchObject(REVOKED);
      await expect(one.decide(coinflow.key({ iat: 1_800_000_062 }))).resolves.toMatchObject({
        subject: { userId: 'alice' },
      });
    });

    it("a revocation of a user is corrected once Coinflow's clock is known", async () => {
      coinflow.isClockKnown = false;
      void one.revokeUser('alice');
      await expect(one.decide(coinflow.key({ iat: 1_800_000_001 }))).rejects.toMatchObject(REVOKED);
      coinflow.isClockKnown = true;
      coinflow.skewMs = -3_000;
      await expect(one.decide(coinflow.key({ iat: 1_799_999_998 }))).rejects.toMatchObject(REVOKED);
      await expect(one.decide(coinflow.key({ iat: 1_799_999_999 }))).resolves.toMatchObject({
        subject: { userId: 'alice' },
      });
      // A new measurement of the clock does not change the revocation.
      coinflow.skewMs = -60_000;
      await expect(one.decide(coinflow.key({ iat: 1_799_999_998 }))).rejects.toMatchObject(REVOKED);
    });

    it.each([3_600_000, -3_600_000])(
      'a revocation of a user is not moved by a correction of the clock of %d ms',
      async (stepMs) => {
        const [before, after] = [coinflow.key({ iat: 1_800_000_001 }), coinflow.key({ iat: 1_800_000_002 })];
        jest.setSystemTime(1_800_000_000_300 + stepMs);
        void one.revokeUser('alice');
        jest.setSystemTime(1_800_000_000_300);
        await expect(one.decide(before)).rejects.toMatchObject(REVOKED);
        await expect(one.decide(after)).resolves.toMatchObject({ key: after });
      },
    );

    it("a revocation of a user counts from the latest possible time of Coinflow's clock", async () => {
      coinflow.uncertaintyMs = 2_900;
      void one.revokeUser('alice');
      const [at, after] = [1_800_000_004, 1_800_000_005].map((iat) => coinflow.key({ iat })) as [string, string];
      await expect(one.decide(at)).rejects.toMatchObject(REVOKED);
      await expect(one.decide(after)).resolves.toMatchObject({ key: after });
    });

    it("a revocation of a user on a replica whose clock is behind is compared by Coinflow's clock", async () => {
      const name = subjectName({ kind: 'user', userId: 'alice' });
      const { revocations } = one.sessions;
      revocations.revokeSubjectAsOf(name, { revokedAtMs: 1_800_000_060_000, cutOff: 1_800_000_000 });
      const key = coinflow.key({ iat: 1_800_000_010 });
      await one.decide(key);
      revocations.revokeSubjectAsOf(name, { revokedAtMs: 1_800_000_030_000, cutOff: 1_800_000_030 });
      await expect(one.decide(key)).rejects.toMatchObject(REVOKED);
      // An older notice that is received again changes nothing.
      revocations.revokeSubjectAsOf(name, { revokedAtMs: 1_800_000_060_000, cutOff: 1_800_000_000 });
      await expect(one.decide(key)).rejects.toMatchObject(REVOKED);
    });

    it('a revocation of a user covers a wallet however its address is written', async () => {
      const wallet = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
      const key = coinflow.key({ customerId: undefined, wallet, blockchain: 'eth' });
      const onBase = coinflow.key({ customerId: undefined, wallet, blockchain: 'base' });
      void one.sessions.revoker.revokeSubject({ kind: 'wallet', wallet: wallet.toLowerCase(), blockchain: 'eth' });
      await expect(one.decide(key)).rejects.toMatchObject(REVOKED);
      await expect(one.decide(onBase)).resolves.toMatchObject({ subject: { wallet, blockchain: 'base' } });
    });

    it('a revocation of a user is not undone by an acceptance whose call began before', async () => {
      const key = coinflow.key();
      let answer = (): void => undefined;
      coinflow.response = () => new Promise((resolve) => (answer = resolve));
      const waiting = one.decide(key);
      await jest.advanceTimersByTimeAsync(0);
      void one.revokeUser('alice');
      answer();
      await expect(waiting).rejects.toMatchObject(REVOKED);
      await expect(one.decide(key)).rejects.toMatchObject(REVOKED);
    });

    it('a revocation of a user does not cover a key without a user', async () => {
      const unbound = new TestInstance(coinflow, { acceptUnboundKeys: true });
      void unbound.revokeUser('alice');
      await expect(unbound.decide(coinflow.know('opaque'))).resolves.toMatchObject({ subject: null });
    });
  });
});
