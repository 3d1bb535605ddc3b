import { describe, expect, it } from '@jest/globals';
import { EmulatorClock } from './clock.js';
import { Issuance } from './issuance.js';
import { SessionKeys } from './session-keys.js';

function claimsOf(key: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(key.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

describe('SessionKeys and Issuance', () => {
  const clock = new EmulatorClock();
  const keys = new SessionKeys(clock, 3);
  const subject = { customerId: 'alice', merchantId: 'mine' };

  it('accepts opaque keys until they expire, and drops the oldest', () => {
    const [first = '', ...others] = [1, 2, 3, 4].map(() => keys.createOpaque({ exp: clock.nowSeconds() + 10 }));
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(others.map((key) => keys.isValid(key))).toEqual([true, true, true]);
    expect(keys.isValid(first)).toBe(false);
    clock.setOffset(10_000);
    expect(others.map((key) => keys.isValid(key))).toEqual([false, false, false]);
    clock.setOffset(0);
  });

  it.each(['jwt', 'opaque'] as const)(
    'accepts a key of the form %s without exp, and rejects one with an invalid exp',
    (form) => {
      const issuance = new Issuance(keys, clock, { form, claims: { exp: null } });
      const forEver = issuance.create(subject);
      issuance.set({ claims: { exp: 'tomorrow' } });
      const odd = issuance.create(subject);
      clock.setOffset(40 * 365 * 86_400_000);
      expect([keys.isValid(forEver), keys.isValid(odd)]).toEqual([true, false]);
      clock.setOffset(0);
    },
  );

  it('creates keys according to the settings, on top of the initial ones', () => {
    const issuance = new Issuance(keys, clock, { lifetimeSeconds: 60, claims: undefined });
    expect(claimsOf(issuance.create(subject))).toEqual({
      ...subject,
      iat: expect.any(Number),
      exp: clock.nowSeconds() + 60,
    });
    issuance.set({ claims: { merchantId: null, customerId: 42, roles: ['odd'] } });
    expect(claimsOf(issuance.create(subject))).toEqual({
      customerId: 42,
      roles: ['odd'],
      iat: expect.any(Number),
      exp: clock.nowSeconds() + 60,
    });
    issuance.set({ form: 'opaque' });
    expect(issuance.settings).toEqual({ form: 'opaque', lifetimeSeconds: 60, claims: {} });
    issuance.reset();
    expect(claimsOf(issuance.create(subject))).toMatchObject(subject);
  });

  it.each([
    [{ form: 'paseto' as 'jwt' }, 'form must be one of jwt, opaque'],
    [{ lifetimeSeconds: 0 }, 'lifetimeSeconds must be an integer'],
    [{ lifetimeSeconds: 1.5 }, 'lifetimeSeconds must be an integer'],
  ])('rejects the settings %j', (wrong, message) => {
    expect(() => new Issuance(keys, clock).set(wrong)).toThrow(message);
    expect(() => new Issuance(keys, clock, wrong)).toThrow(message);
  });
});
