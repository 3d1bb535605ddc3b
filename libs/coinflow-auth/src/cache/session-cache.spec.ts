import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CoinflowClock } from '../http/clock-skew.js';
import { NO_CLAIMS } from '../session/claims.js';
import { writePresented } from '../session/session-key.js';
import { cachedSession, sessionKeyId, type CachedSession } from './cached-session.js';
import { Revocations } from './revocations.js';
import { SessionEnds } from './session-ends.js';
import { SessionCache } from './session-cache.js';

const TAG = 'T'.repeat(43);
const verified = (attestedKey?: string): CachedSession =>
  cachedSession(NO_CLAIMS, {
    verifiedAt: performance.now(),
    validUntil: Infinity,
    createdUntil: undefined,
    attestedKey,
  });

function cacheOf(maxEntries: number, ...keys: string[]): SessionCache {
  const clock = new CoinflowClock();
  const cache = new SessionCache(
    maxEntries,
    clock,
    new Revocations(clock, new SessionEnds()),
    { attest: () => undefined },
    new SessionEnds(),
  );
  for (const key of keys) cache.set(sessionKeyId(key), key, verified());
  return cache;
}

const fresh = (text: string): string => Buffer.from(text).toString();
const found = (cache: SessionCache, keys: string[]): string[] =>
  keys.filter((key) => cache.find(fresh(key))?.session.key === key);

describe('SessionCache', () => {
  it('finds a session by the text of its key, and gives every request the same session', () => {
    const cache = cacheOf(4, 'a', 'b');
    expect(cache.find(fresh('a'))?.session.key).toBe('a');
    expect(cache.find(fresh('a'))?.session).toBe(cache.find(fresh('a'))?.session);
    expect(cache.get(sessionKeyId('b'))?.session.key).toBe('b');
    expect(cache.find('c')).toBeUndefined();
    expect(cache.size.sessions).toBe(2);
  });

  it('finds a session by its attested key once a request has carried it, and by the id of the plain key', () => {
    const cache = cacheOf(4, 'a', 'b');
    const attested = writePresented('a', TAG);
    expect(cache.find(attested)).toBeUndefined();
    cache.set(sessionKeyId('a'), 'a', verified(attested));
    expect(cache.find(fresh(attested))).toMatchObject({ attestedKey: attested, session: { key: 'a' } });
    expect(cache.find(writePresented('a', 'U'.repeat(43)))).toBeUndefined();
    expect(cache.find('a')).toBeUndefined();
    expect(cache.get(sessionKeyId('a'))?.session.key).toBe('a');
    expect(cache.size.sessions).toBe(2);
  });

  it('finds keys that end alike, whichever of them is deleted', () => {
    const keys = ['a', 'b', 'c'].map((start) => `${start}${'=='.repeat(20)}`);
    for (const deleted of keys) {
      const cache = cacheOf(3, ...keys);
      expect(found(cache, keys)).toEqual(keys);
      cache.revoke(sessionKeyId(deleted), Infinity);
      expect(cache.find(fresh(deleted))).toBeUndefined();
      const rest = keys.filter((key) => key !== deleted);
      expect(rest.map((key) => cache.get(sessionKeyId(key))?.session.key)).toEqual(rest);
      for (const unknown of [`d${'='.repeat(40)}`, '='.repeat(12)]) expect(cache.find(unknown)).toBeUndefined();
    }
  });

  it.each(['revoke', 'reject', 'invalidate', 'invalidateFromElsewhere'] as const)(
    'forgets both forms of a key after %s()',
    (method) => {
      const attested = writePresented('a', TAG);
      const id = sessionKeyId('a');
      for (const known of [verified(), verified(attested)]) {
        const cache = cacheOf(4, 'b');
        cache.set(id, 'a', known);
        if (method === 'revoke') cache.revoke(id, Infinity);
        else if (method === 'invalidateFromElsewhere') cache.invalidateFromElsewhere(id, true, Infinity);
        else cache[method](id, known);
        expect(found(cache, ['a', attested, 'b'])).toEqual(['b']);
        expect(cache.get(id)).toBeUndefined();
        expect(JSON.stringify([cache.getRejection(id)])).not.toContain(TAG);
      }
    },
  );

  it('does not cache a revoked key again', () => {
    const cache = cacheOf(4, 'a');
    cache.revoke(sessionKeyId('a'), Infinity);
    expect(cache.set(sessionKeyId('a'), 'a', verified())).toBe(false);
    expect(found(cache, ['a'])).toEqual([]);
  });

  it('holds at most as many sessions as its maximum, which can be one', () => {
    const keys = Array.from({ length: 1_000 }, (_, i) => `key-${i}`);
    for (const max of [1, 2, 100]) {
      const cache = cacheOf(max, ...keys);
      expect(cache.size.sessions).toBe(max);
      expect(found(cache, keys)).toEqual(keys.slice(-max));
    }
  });

  it('keeps a session that requests use while others are added', () => {
    const cache = cacheOf(10, 'busy');
    for (let i = 0; i < 1_000; i += 1) {
      cache.set(sessionKeyId(`other-${i}`), `other-${i}`, verified());
      expect(cache.find('busy')?.session.key).toBe('busy');
    }
  });

  it('finds a session by its text exactly when it finds it by its id, whatever was cached, rejected and displaced', () => {
    const keys = Array.from({ length: 12 }, (_, i) => `key-${i}`);
    const step = fc.record({
      what: fc.constantFrom('set', 'set', 'attest', 'find', 'reject'),
      key: fc.constantFrom(...keys),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 100 }), (max, steps) => {
        const cache = cacheOf(max);
        for (const { what, key } of steps) {
          const id = sessionKeyId(key);
          if (what === 'set') cache.set(id, key, verified());
          if (what === 'attest') cache.set(id, key, verified(writePresented(key, TAG)));
          if (what === 'find') cache.find(key);
          if (what === 'reject') cache.reject(id, verified());
          if (what !== 'find') expect(cache.get(id) === undefined).toBe(what === 'reject');
        }
        const byId = keys.filter((key) => cache.get(sessionKeyId(key))?.session.key === key);
        const byText = keys.filter((key) => cache.find(key) ?? cache.find(writePresented(key, TAG)));
        expect(byText).toEqual(byId);
        expect(cache.size.sessions).toBe(byId.length);
        expect(byId.length).toBeLessThanOrEqual(max);
      }),
      { numRuns: 300 },
    );
  });
});
