import { describe, expect, it } from '@jest/globals';
import { EmulatorClock } from './clock.js';
import { Issuance } from './issuance.js';
import { SessionKeys } from './session-keys.js';

function claimsOf(key: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(key.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

describe('session keys', () => {
  const clock = new EmulatorClock();
  const keys = new SessionKeys(clock, 3);
  const subject = { customerId: 'alice', merchantId: 'mine' };

  it('opaque ones are known until they expire, and the oldest are forgotten', () => {
    const [first = '', ...others] = [1, 2, 3, 4].map(() => keys.makeOpaque({ exp: clock.nowSeconds() + 10 }));
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(others.map((key) => keys.isValid(key))).toEqual([true, true, true]);
    expect(keys.isValid(first)).toBe(false);
    clock.setOffset(10_000);
    expect(others.map((key) => keys.isValid(key))).toEqual([false, false, false]);
    clock.setOffset(0);
  });

  it.each(['jwt', 'opaque'] as const)('%s without exp never expires; with an odd one it is not valid', (form) => {
    const issuance = new Issuance(keys, clock, { form, claims: { exp: null } });
    const forEver = issuance.create(subject);
    issuance.set({ claims: { exp: 'tomorrow' } });
    const odd = issuance.create(subject);
    clock.setOffset(40 * 365 * 86_400_000);
    expect([keys.isValid(forEver), keys.isValid(odd)]).toEqual([true, false]);
    clock.setOffset(0);
  });

  it('are minted as set, from what was at the start', () => {
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
    [{ lifetimeSeconds: 0 }, 'lifetimeSeconds must be a whole number'],
    [{ lifetimeSeconds: 1.5 }, 'lifetimeSeconds must be a whole number'],
  ])('%j cannot be set', (wrong, message) => {
    expect(() => new Issuance(keys, clock).set(wrong)).toThrow(message);
    expect(() => new Issuance(keys, clock, wrong)).toThrow(message);
  });
});
