import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CoinflowSessionRevokedError } from '../errors/coinflow-auth.errors.js';
import type { SessionClaims } from '../session/claims.js';
import { subjectName } from '../session/subject.js';
import { SessionEnds } from './session-ends.js';

const DAY_MS = 86_400_000;
/** A session is accepted until five seconds after its expiry. */
const TOLERANCE_MS = 5_000;

const alice = { kind: 'user', userId: 'alice' } as const;
const revoked = new CoinflowSessionRevokedError();

/** The claims of a session that is accepted for so long. */
function claimsFor(ms: number | null, userId = 'alice'): SessionClaims {
  const expiresAt = ms === null ? null : (Date.now() + ms - TOLERANCE_MS) / 1_000;
  return { subject: { kind: 'user', userId }, merchantId: 'ours', issuedAt: 0, expiresAt };
}

describe('SessionEnds', () => {
  let ends: SessionEnds;

  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger(false);
    ends = new SessionEnds();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('calls every listener of a session once, with the reason, and forgets the session', () => {
    const listener = jest.fn();
    ends.watch('one', claimsFor(DAY_MS), listener);
    ends.watch('one', claimsFor(DAY_MS), listener);
    const other = jest.fn();
    ends.watch('other', claimsFor(DAY_MS), other);
    ends.end('one', revoked);
    ends.end('one', revoked);
    expect(listener.mock.calls).toEqual([[revoked], [revoked]]);
    expect(other).not.toHaveBeenCalled();
    expect(ends.size).toBe(1);
  });

  it('has one timer for each session, and none when nobody watches it any more', () => {
    const stops = [1, 2].map(() => ends.watch('one', claimsFor(DAY_MS), () => undefined));
    expect(jest.getTimerCount()).toBe(1);
    stops[0]?.();
    stops[0]?.();
    expect([jest.getTimerCount(), ends.size]).toEqual([1, 1]);
    stops[1]?.();
    expect([jest.getTimerCount(), ends.size]).toEqual([0, 0]);
  });

  it('calls no listener that was stopped', () => {
    const listener = jest.fn();
    ends.watch('one', claimsFor(DAY_MS), listener)();
    ends.end('one', revoked);
    expect(listener).not.toHaveBeenCalled();
  });

  it('calls no listener that an earlier listener stops', () => {
    const second = jest.fn();
    ends.watch('one', claimsFor(DAY_MS), () => stop());
    const stop = ends.watch('one', claimsFor(DAY_MS), second);
    ends.end('one', revoked);
    expect(second).not.toHaveBeenCalled();
  });

  it('keeps what a listener watches anew, whatever is stopped afterwards', () => {
    const again = jest.fn();
    const stops: (() => void)[] = [];
    stops.push(ends.watch('one', claimsFor(DAY_MS), () => void ends.watch('one', claimsFor(DAY_MS), again)));
    stops.push(ends.watch('one', claimsFor(DAY_MS), () => stops.forEach((stop) => stop())));
    stops.push(ends.watch('one', claimsFor(DAY_MS), () => undefined));
    ends.end('one', revoked);
    expect(again).not.toHaveBeenCalled();
    ends.end('one', revoked);
    expect(again).toHaveBeenCalledTimes(1);
  });

  it('ends a session when it expires, and not before', () => {
    const listener = jest.fn();
    ends.watch('one', claimsFor(60_000), listener);
    jest.advanceTimersByTime(59_999);
    expect(listener).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(listener).toHaveBeenCalledWith(expect.objectContaining({ code: 'COINFLOW_SESSION_KEY_EXPIRED' }));
    expect(ends.size).toBe(0);
  });

  it('calls the listener at once when the session has expired', () => {
    const listener = jest.fn();
    ends.watch('one', claimsFor(-1), listener);
    expect(listener).toHaveBeenCalledTimes(1);
    expect(ends.size).toBe(0);
  });

  it('waits for an expiry that is farther away than the longest timer of Node', () => {
    const listener = jest.fn();
    ends.watch('one', claimsFor(60 * DAY_MS), listener);
    jest.advanceTimersByTime(59 * DAY_MS);
    expect(listener).not.toHaveBeenCalled();
    jest.advanceTimersByTime(DAY_MS);
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('waits longer when the clock of the machine was set back', () => {
    const listener = jest.fn();
    ends.watch('one', claimsFor(60_000), listener);
    jest.setSystemTime(Date.now() - 30_000);
    jest.advanceTimersByTime(60_000);
    expect(listener).not.toHaveBeenCalled();
    jest.advanceTimersByTime(30_000);
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('has no timer for a session without an expiry', () => {
    ends.watch('one', claimsFor(null), () => undefined);
    expect([jest.getTimerCount(), ends.size]).toEqual([0, 1]);
  });

  it('ends the sessions of a user, except the spared ones and those of other users', () => {
    const called: string[] = [];
    const watch = (id: string, claims: SessionClaims): unknown => ends.watch(id, claims, () => void called.push(id));
    watch('old', { ...claimsFor(DAY_MS), issuedAt: 1 });
    watch('young', { ...claimsFor(DAY_MS), issuedAt: 9 });
    watch('bob', claimsFor(DAY_MS, 'bob'));
    watch('nobody', { ...claimsFor(DAY_MS), subject: null });
    ends.endOf(subjectName(alice), ({ issuedAt }) => (issuedAt ?? 0) < 5, revoked);
    expect(called).toEqual(['old']);
    expect(ends.size).toBe(3);
  });

  it('calls the other listeners when one throws, and logs the error without the session key', () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
    const listener = jest.fn();
    ends.watch('one', claimsFor(DAY_MS), () => {
      throw new Error('broken eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl');
    });
    ends.watch('one', claimsFor(DAY_MS), listener);
    expect(() => ends.end('one', revoked)).not.toThrow();
    expect(listener).toHaveBeenCalledTimes(1);
    expect(logged.mock.calls.join()).toContain('broken [redacted]');
  });
});
