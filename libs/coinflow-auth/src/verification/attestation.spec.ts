import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { amount } from '../../../../test/harness/amount.js';
import { ACCEPT, DOWN, REJECT, FakeCoinflow, jwtOf } from '../../test-doubles/fake-coinflow.js';
import { TestInstance } from '../../test-doubles/test-instance.js';
import type { CoinflowAuthModuleOptions } from '../options/coinflow-auth-options.js';
import { resolveOptions } from '../options/resolve-options.js';
import type { CoinflowSession } from '../session/coinflow-session.js';
import { Attestor } from './attestor.js';

const USERS = amount('ATTESTED_USERS', { quick: 2_000, full: 100_000 });

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const [OLD_SEAL_KEY, NEW_SEAL_KEY] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64')) as [
  string,
  string,
];

describe('an attested key', () => {
  let coinflow: FakeCoinflow;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    coinflow = new FakeCoinflow();
    coinflow.response = DOWN;
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  /** A new replica each time, with an empty cache. */
  const instance = (options: Partial<CoinflowAuthModuleOptions> = {}): TestInstance =>
    new TestInstance(coinflow, options);

  async function attested(options: Partial<CoinflowAuthModuleOptions> = {}): Promise<string> {
    const { attestedKey = '' } = await instance(options).create();
    expect(attestedKey).toMatch(/~[\w-]{43}$/);
    return attestedKey;
  }

  it('an attested key is accepted by every replica without a call while Coinflow is down', async () => {
    const key = await attested();
    const [plain] = key.split('~');
    const elsewhere = instance();
    const session = elsewhere.verify(key);
    expect(session).toMatchObject({ key: plain, attestedKey: key, subject: { userId: 'alice' }, merchantId: 'ours' });
    expect(await elsewhere.decidedBy(key)).toBe('cache');
    expect(await instance().decidedBy(key)).toBe('attestation');
    expect(coinflow.calls).toEqual([]);
    await expect(instance().decide(plain ?? '')).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
  });

  it(`authenticates ${USERS} users with attested keys in a process that has just started, and does not call Coinflow`, () => {
    const attestor = new Attestor(resolveOptions({ env: 'sandbox', apiKey: 'key', merchantId: 'ours' }));
    const started = instance();
    let accepted = 0;
    for (let i = 0; i < USERS; i += 1) {
      const attestedKey = attestor.attest(coinflow.key({ customerId: `user-${i}` })) ?? '';
      const session = started.verify(attestedKey) as CoinflowSession;
      if (session.subject?.kind === 'user' && session.subject.userId === `user-${i}`) accepted += 1;
    }
    expect(accepted).toBe(USERS);
    expect(coinflow.calls).toEqual([]);
    expect(started.sessions.cache.size.sessions).toBe(USERS);
  });

  it('an attested key makes its plain key known to the replica that has verified the tag', async () => {
    const key = await attested();
    const elsewhere = instance();
    await elsewhere.verify(key);
    expect(elsewhere.verify(key.split('~')[0] ?? '')).toMatchObject({ attestedKey: key });
  });

  it('an attested key is accepted until it expires, and no longer', async () => {
    const key = await attested();
    jest.advanceTimersByTime(DAY_MS - 1_000);
    expect(instance().verify(key)).toMatchObject({ attestedKey: key });
    jest.advanceTimersByTime(6_000);
    expect(() => instance().verify(key)).toThrow(expect.objectContaining({ code: 'COINFLOW_SESSION_KEY_EXPIRED' }));
  });

  it('an attested key counts as verified when it was created: beyond maxAgeMs Coinflow is asked', async () => {
    const key = await attested();
    jest.advanceTimersByTime(HOUR_MS);
    const one = instance();
    expect(one.verify(key, HOUR_MS + 1_001)).toMatchObject({ attestedKey: key });
    await expect(one.decide(key, HOUR_MS - 1)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
    coinflow.response = ACCEPT;
    await expect(one.decide(key, HOUR_MS - 1)).resolves.toMatchObject({ attestedKey: key });
    // The new verification does not end earlier than the attestation.
    expect(one.verify(key, HOUR_MS - 1)).toMatchObject({ attestedKey: key });
    jest.advanceTimersByTime(20 * HOUR_MS);
    expect(one.verify(key)).toMatchObject({ attestedKey: key });
  });

  it('an attested key is verified by Coinflow every time with maxAgeMs: 0, even if its iat is in the future', async () => {
    coinflow.nextKey = coinflow.key({ iat: Math.floor(Date.now() / 1_000) + 600 });
    const key = await attested();
    await expect(instance().decide(key, 0)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
    expect(coinflow.calls).toHaveLength(1);
  });

  it('an attested key without iat is older than any maxAgeMs', async () => {
    coinflow.nextKey = coinflow.key({ iat: undefined });
    const key = await attested();
    expect(instance().verify(key)).toMatchObject({ attestedKey: key });
    await expect(instance().decide(key, DAY_MS * 365)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
  });

  it.each<[string, Partial<CoinflowAuthModuleOptions>, string]>([
    ['another API key', { apiKey: 'another' }, 'COINFLOW_SESSION_REJECTED'],
    [
      'another environment',
      { env: 'local', baseUrl: 'https://api-sandbox.coinflow.cash' },
      'COINFLOW_SESSION_REJECTED',
    ],
    ['another API', { baseUrl: 'https://coinflow.example.com' }, 'COINFLOW_SESSION_REJECTED'],
    ['seal keys', { sealKeys: [NEW_SEAL_KEY] }, 'COINFLOW_SESSION_REJECTED'],
    ['no key to tag with', { env: 'prod' }, 'COINFLOW_SESSION_REJECTED'],
    ['another merchant', { merchantId: 'theirs' }, 'COINFLOW_SESSION_WRONG_MERCHANT'],
  ])('an attested key is rejected without a call by an application with %s', async (_, options, code) => {
    const key = await attested();
    coinflow.response = ACCEPT;
    expect(() => instance(options).verify(key)).toThrow(expect.objectContaining({ code }));
    expect(coinflow.calls).toEqual([]);
  });

  it('an attested key is rejected with the tag of another key, although the session is cached', async () => {
    coinflow.response = ACCEPT;
    const one = instance();
    const { attestedKey = '' } = await one.create('alice');
    const { key } = await one.create('bob');
    const swapped = `${key}~${attestedKey.split('~')[1]}`;
    await one.verify(key);
    expect(() => one.verify(swapped)).toThrow(expect.objectContaining({ reason: 'wrong-tag' }));
    expect(await one.decidedBy(swapped)).toBe('attestation');
    expect(one.verify(key)).toMatchObject({ subject: { userId: 'bob' } });
    expect(coinflow.calls).toEqual([]);
  });

  it.each([
    ['opaque', 'a1b2c3d4e5f67890abcdef1234567890'],
    ['without exp', jwtOf({ customerId: 'alice', merchantId: 'ours', iat: 1 })],
    ['without merchantId', jwtOf({ customerId: 'alice', iat: 1, exp: 4_000_000_000 })],
    ['of nobody', jwtOf({ merchantId: 'ours', iat: 1, exp: 4_000_000_000 })],
    ['of two', jwtOf({ customerId: 'alice', wallet: 'w', blockchain: 'eth', merchantId: 'ours', exp: 4_000_000_000 })],
  ])('creates no attested key from a key %s', async (_, key) => {
    coinflow.nextKey = coinflow.know(key);
    expect((await instance().create()).attestedKey).toBeUndefined();
  });

  it('creates no attested key from a key that Coinflow has verified', async () => {
    coinflow.response = ACCEPT;
    const one = instance();
    const key = coinflow.key();
    expect((await one.decide(key)).attestedKey).toBeUndefined();
    expect((await one.decide(key)).attestedKey).toBeUndefined();
  });

  it('an attested key is accepted during the rotation of seal keys', async () => {
    const before = await attested({ sealKeys: [OLD_SEAL_KEY] });
    const meanwhile = { sealKeys: [OLD_SEAL_KEY, NEW_SEAL_KEY] };
    const after = { sealKeys: [NEW_SEAL_KEY, OLD_SEAL_KEY] };
    const afterwards = await attested(after);
    for (const options of [meanwhile, after]) {
      for (const key of [before, afterwards]) {
        expect(instance(options).verify(key)).toMatchObject({ key: key.split('~')[0], subject: { userId: 'alice' } });
      }
    }
    expect(() => instance({ sealKeys: [NEW_SEAL_KEY] }).verify(before)).toThrow();
  });

  describe('that Coinflow has rejected', () => {
    it('a rejected attested key is verified by Coinflow until Coinflow accepts it again; until then an outage is a 503', async () => {
      const key = await attested();
      const one = instance();
      coinflow.response = REJECT;
      await expect(one.decide(key, 0)).rejects.toMatchObject({ reason: 'rejected-by-coinflow' });
      coinflow.response = DOWN;
      await expect(one.decide(key)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
      await expect(one.decide(key.split('~')[0] ?? '')).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
      coinflow.response = ACCEPT;
      await expect(one.decide(key)).resolves.toMatchObject({ attestedKey: key });
      expect(one.verify(key)).toMatchObject({ attestedKey: key });
    });

    it('a rejected attested key is valid again in both forms once Coinflow accepts either', async () => {
      const key = await attested();
      const [plain = ''] = key.split('~');
      const one = instance();
      coinflow.response = REJECT;
      await expect(one.decide(key, 0)).rejects.toMatchObject({ reason: 'rejected-by-coinflow' });
      coinflow.response = ACCEPT;
      await expect(one.decide(plain)).resolves.toMatchObject({ key: plain });
      coinflow.response = DOWN;
      expect(one.verify(key)).toMatchObject({ attestedKey: key });
      expect(one.verify(plain)).toMatchObject({ attestedKey: key });
    });

    it('a rejected attested key does not cost a call for each request', async () => {
      const key = await attested();
      const one = instance();
      coinflow.response = REJECT;
      await expect(one.decide(key, 0)).rejects.toMatchObject({ reason: 'rejected-by-coinflow' });
      for (let i = 0; i < 10; i += 1) {
        await expect(one.decide(key)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
      }
      expect(coinflow.calls).toHaveLength(2);
    });

    it('an attested key is invalidated too when Coinflow rejected its plain form as a new key', async () => {
      const key = await attested();
      const one = instance();
      coinflow.response = REJECT;
      await expect(one.decide(key.split('~')[0] ?? '')).rejects.toMatchObject({ reason: 'rejected-by-coinflow' });
      await expect(one.decide(key)).rejects.toMatchObject({ reason: 'rejected-recently' });
      coinflow.response = DOWN;
      jest.advanceTimersByTime(30_000);
      await expect(one.decide(key)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
    });
  });

  it('an attested key is rejected or treated as another plain key when any one bit has changed', async () => {
    const key = await attested();
    const one = instance();
    const codes = new Map<string, number>();
    const plain: string[] = [];
    for (let i = 0; i < key.length; i += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const changed = key.slice(0, i) + String.fromCharCode(key.charCodeAt(i) ^ (1 << bit)) + key.slice(i + 1);
        const error = await one.decide(changed).then(
          () => undefined,
          ({ code, reason }: { code: string; reason: string }) => ({ code, reason }),
        );
        expect(error?.code).toMatch(/^COINFLOW_SESSION_(KEY_MALFORMED|KEY_EXPIRED|WRONG_MERCHANT|REJECTED)$/);
        codes.set(error?.code ?? '', (codes.get(error?.code ?? '') ?? 0) + 1);
        if (!changed.includes('~') && error?.code !== 'COINFLOW_SESSION_KEY_MALFORMED') plain.push(changed);
      }
    }
    // Coinflow was asked about none. Where a `.` becomes something else, what is left is one opaque key with a tag; where
    // the `~` does, the signature is too long.
    expect(coinflow.calls).toEqual([]);
    expect(plain).toEqual([]);
    expect([...codes.values()].reduce((sum, count) => sum + count)).toBe(key.length * 8);
    expect(one.verify(key)).toMatchObject({ attestedKey: key });
  });
});
