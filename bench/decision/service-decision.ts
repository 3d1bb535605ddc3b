import { hash } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { timeBatches, type BatchOptions, type Case } from '../measuring/batches.js';
import type { Report } from '../measuring/report.js';
import { SessionKeys } from '../sessions/session-keys.js';
import type { BenchInstance } from '../sessions/cached-sessions.js';
import { FreshKeys } from './fresh-keys.js';
import type { CachedKeys } from './cached-keys.js';
import { toTimingReport } from './timing-report.js';

/** Measures `authenticate` on a cache hit with few and with many sessions, and a hash and a signature for comparison. */
export function measureService(few: CachedKeys, many: CachedKeys, options: BatchOptions): Report {
  const every = many.keys.length / few.keys.length;
  const asManyAsOfFew = many.keys.filter((_, index) => index % every === 0);
  const timings = timeBatches(
    [hit(few), hit({ ...many, keys: asManyAsOfFew }), hit(many), hashing(few.keys), verifyingSignature()],
    options,
  );
  return toTimingReport('Decision of the service on a cache hit', timings, [
    'Each key is a new string, as in a request.',
    'With many keys, neither the keys nor the sessions are in the caches of the processor.',
  ]);
}

function hit({ authenticator, sessions, keys }: CachedKeys): Case<string> {
  const number = (value: number): string => value.toLocaleString('en');
  return authenticating(`${number(sessions)} sessions, ${number(keys.length)} of them used`, authenticator, keys);
}

export function authenticating(
  name: string,
  authenticator: BenchInstance['authenticator'],
  keys: readonly string[],
): Case<string> {
  const fresh = new FreshKeys(keys);
  return { name, prepare: (count) => fresh.take(count), run: (key) => authenticator.authenticate(key, {}, undefined) };
}

function hashing(keys: readonly string[]): Case<string> {
  const fresh = new FreshKeys(keys);
  return {
    name: 'comparison: SHA-256 of a key',
    prepare: (count) => fresh.take(count),
    run: (key) => hash('sha256', key, 'base64url'),
  };
}

function verifyingSignature(): Case<string> {
  const peer = new SessionKeys();
  const fresh = new FreshKeys(Array.from({ length: 1_000 }, (_, i) => peer.make(`user-${i}`)));
  return {
    name: 'comparison: jsonwebtoken.verify, KeyObject',
    prepare: (count) => fresh.take(count),
    run: (key) => jwt.verify(key, peer.secret, { algorithms: ['HS256'] }),
  };
}
