import { describe, expect, it, jest, beforeEach, afterEach } from '@jest/globals';
import { EmulatorClock } from './clock.js';
import { RateLimits } from './rate-limits.js';

describe('RateLimits', () => {
  const clock = new EmulatorClock();

  beforeEach(() => {
    jest.useFakeTimers({ now: 1_700_000_000_000 });
    clock.setOffset(0);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('limits nothing by default', () => {
    const limits = new RateLimits(clock, { withKey: undefined });
    for (let i = 0; i < 5_000; i += 1) expect(limits.spend(undefined)).toBeUndefined();
    expect(limits.settings).toEqual({ withKey: 0, withoutKey: 0, retryAfter: 'seconds' });
  });

  it('counts each merchant, and all other requests, separately', () => {
    const limits = new RateLimits(clock, { withKey: 2, withoutKey: 1 });
    expect(['a', 'a', 'a', 'b', undefined, undefined].map((id) => limits.spend(id) !== undefined)).toEqual([
      false,
      false,
      true,
      false,
      false,
      true,
    ]);
  });

  it('returns the time to wait and accepts requests after it', () => {
    const limits = new RateLimits(clock, { withoutKey: 1 });
    limits.spend(undefined);
    clock.setOffset(20_000);
    expect(limits.spend(undefined)).toBe(40_000);
    clock.setOffset(59_999);
    expect(limits.spend(undefined)).toBe(1);
    clock.setOffset(60_000);
    expect(limits.spend(undefined)).toBeUndefined();
  });

  it('begins a new window when the clock is set back', () => {
    const limits = new RateLimits(clock, { withoutKey: 1 });
    clock.setOffset(86_400_000);
    limits.spend(undefined);
    clock.setOffset(0);
    expect(limits.spend(undefined)).toBeUndefined();
  });

  it('changes the given limits, resets the counters and restores the initial limits on reset', () => {
    const limits = new RateLimits(clock, { withoutKey: 1, retryAfter: 'date' });
    limits.spend(undefined);
    limits.set({ withKey: 7, withoutKey: undefined });
    expect(limits.settings).toEqual({ withKey: 7, withoutKey: 1, retryAfter: 'date' });
    expect(limits.spend(undefined)).toBeUndefined();
    limits.reset();
    expect(limits.settings).toEqual({ withKey: 0, withoutKey: 1, retryAfter: 'date' });
    expect(limits.spend(undefined)).toBeUndefined();
  });

  it.each([
    [{ withKey: -1 }, 'The limit with an API key must be an integer'],
    [{ withoutKey: 1.5 }, 'The limit without an API key must be an integer'],
    [{ retryAfter: 'never' as 'none' }, 'retryAfter must be one of seconds, date, none'],
  ])('rejects the limits %j and changes nothing', (wrong, message) => {
    const limits = new RateLimits(clock);
    expect(() => limits.set(wrong)).toThrow(message);
    expect(() => new RateLimits(clock, wrong)).toThrow(message);
    expect(limits.settings).toEqual({ withKey: 0, withoutKey: 0, retryAfter: 'seconds' });
  });
});
