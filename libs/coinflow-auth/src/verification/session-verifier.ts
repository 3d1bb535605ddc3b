import type { RequestOrClient } from '../budget/rate-limit-client.js';
import {
  NOT_VERIFIED,
  cachedSession,
  isCreatedByApplication,
  isFresh,
  sessionKeyId,
  sessionOf,
  type CachedSession,
} from '../cache/cached-session.js';
import type { CacheEntry } from '../cache/session-cache.js';
import type { SharedSessions } from '../cache/shared-sessions.js';
import {
  CoinflowSessionKeyExpiredError,
  CoinflowSessionRejectedError,
  CoinflowSessionRevokedError,
  CoinflowSessionWrongMerchantError,
  CoinflowTooManyRequestsError,
  isTemporary,
} from '../errors/coinflow-auth.errors.js';
import { expiryOf, isBound, readClaims, type SessionClaims } from '../session/claims.js';
import type { CoinflowSession } from '../session/coinflow-session.js';
import { assertSessionKeyShape, readPresented, writePresented } from '../session/session-key.js';
import { CoinflowVerification, type KeyToVerify, type VerifierParts } from './coinflow-verification.js';
import { SingleFlight } from './single-flight.js';
import { rejectedWith, type CoinflowDecidedBy, type VerificationResult } from './verification-result.js';

/**
 * When an attested key without `iat` was created: earlier than any finite `maxAgeMs` allows. Not `-Infinity`, which marks a key
 * that was never verified.
 */
const AT_AN_UNKNOWN_TIME = -Number.MAX_SAFE_INTEGER;

/**
 * Verifies session keys: cache, format, revoked keys, claims, attestation, negative cache, shared cache, single flight, budget,
 * Coinflow. The cache holds the claims of a key and when it was verified. Expiry, merchant and revoked users are checked for
 * every request; a revoked key is never in the cache.
 *
 * The numbers in the comments are the steps of one verification. Step 1, which finds the key in the request, is the caller's.
 */
export class SessionVerifier {
  readonly #parts: VerifierParts;
  readonly #coinflow: CoinflowVerification;
  readonly #flights = new SingleFlight<CachedSession>();
  readonly #sharedReads = new SingleFlight<CachedSession | undefined>();

  constructor(parts: VerifierParts) {
    this.#parts = parts;
    this.#coinflow = new CoinflowVerification(parts);
  }

  /**
   * @param presented a session key, plain or attested
   * @param maxAgeMs how old the verification may be; 0 asks Coinflow, unless Coinflow has just rejected the key
   * @param client for the rate limits; read only if Coinflow must be asked
   * @returns synchronously if the cache or the attestation decides, otherwise once Coinflow has responded
   */
  verify(
    presented: string,
    maxAgeMs: number,
    client?: RequestOrClient,
  ): VerificationResult | Promise<VerificationResult> {
    try {
      // 2. Cache. Neither the format nor the tag is checked again: a cached key passed these checks before.
      const cached = this.#parts.cache.find(presented);
      if (cached && isFresh(cached, maxAgeMs)) return this.#acceptCached(cached);
      const { key, tag } = readPresented(presented);
      return this.#verifyFromKey({ key, tag, id: sessionKeyId(key), maxAgeMs, client });
    } catch (error) {
      return rejectedWith(error, 'claims');
    }
  }

  /** The session of a key that this application has just created, as {@link verify} would return it. */
  sessionOf(key: string, created: CachedSession): CoinflowSession {
    return this.#accept(key, created, 'cache').session;
  }

  /** Decides by the key itself, as far as possible. */
  #verifyFromKey(request: KeyToVerify): VerificationResult | Promise<VerificationResult> {
    const { key, tag, id, maxAgeMs } = request;
    const { cache } = this.#parts;
    const cached = cache.get(id);
    // The cache has this key under its attested form.
    if (cached && tag === undefined && isFresh(cached, maxAgeMs)) return this.#acceptCached(cached);
    // 3. Format
    assertSessionKeyShape(request);
    this.#assertKeyNotRevoked(id);
    // 4. Claims
    const rejection = cache.getRejection(id);
    let session = cached ?? rejection?.session ?? cachedSession(this.#claimsOf(key), NOT_VERIFIED);
    this.#assertAcceptable(session);
    // 5. Attestation
    if (tag !== undefined) {
      this.#parts.attestor.verify(key, tag);
      session = this.#attested(session, writePresented(key, tag), rejection !== undefined);
      if (rejection) cache.attestRejected(id, session, rejection);
      else cache.set(id, key, session);
      if (isFresh(session, maxAgeMs)) return this.#accept(key, session, 'attestation');
    }
    if (rejection && performance.now() < rejection.repeatedUntil) {
      const error = new CoinflowSessionRejectedError('Coinflow rejected this session key less than 30 s ago', {
        reason: 'rejected-recently',
      });
      return rejectedWith(error, 'negative-cache');
    }
    return this.#verifyElsewhere(request, session);
  }

  /** Decides by what another replica has verified, or else asks Coinflow. */
  async #verifyElsewhere(request: KeyToVerify, session: CachedSession): Promise<VerificationResult> {
    const { key, id, maxAgeMs } = request;
    const { sharedSessions } = this.#parts;
    try {
      const shared = sharedSessions && maxAgeMs > 0 ? await this.#findShared(sharedSessions, request) : undefined;
      if (shared) {
        this.#assertKeyNotRevoked(id);
        return this.#accept(key, shared, 'shared-cache');
      }
      // A call for a concurrent request may have verified the key while the shared cache was read.
      const cached = this.#parts.cache.get(id);
      if (cached && isFresh(cached, maxAgeMs)) return this.#acceptCached(cached);
      // Only now: the shared cache may know that this application created the key.
      this.#assertBound(session);
      return await this.#askCoinflow(request, session);
    } catch (error) {
      return rejectedWith(error, 'claims');
    }
  }

  async #askCoinflow(request: KeyToVerify, session: CachedSession): Promise<VerificationResult> {
    const { key, id, maxAgeMs } = request;
    let decidedBy: CoinflowDecidedBy = 'coalesced';
    try {
      // 6. Single flight
      const verified = await this.#flights.run(id, maxAgeMs, () => {
        decidedBy = 'coinflow';
        // 7. Budget, 8. Coinflow, 9. Remember
        return this.#coinflow.verify(request, session);
      });
      this.#assertKeyNotRevoked(id);
      return this.#accept(key, verified, decidedBy);
    } catch (error) {
      const stale = isOutage(error) ? this.#findStale(id, maxAgeMs) : undefined;
      return stale ? this.#accept(key, stale, 'stale') : rejectedWith(error, decidedBy);
    }
  }

  /** What another replica has verified, unless a rejection is known here. It may arrive while the shared cache is read. */
  async #findShared(
    sharedSessions: SharedSessions,
    { id, key, maxAgeMs }: KeyToVerify,
  ): Promise<CachedSession | undefined> {
    const { cache } = this.#parts;
    const found = await this.#sharedReads.run(id, Infinity, () => sharedSessions.get(id));
    if (!found || !isFresh(found, maxAgeMs) || cache.getRejection(id)) return undefined;
    cache.set(id, key, found);
    return found;
  }

  /** A verification that has ended, but may be used while Coinflow is unavailable (`staleIfErrorMs`). */
  #findStale(id: string, maxAgeMs: number): CachedSession | undefined {
    const { ttlMs, staleIfErrorMs } = this.#parts.options.cache;
    const cached = this.#parts.cache.get(id);
    const isUsable = cached && performance.now() < cached.verifiedAt + Math.min(maxAgeMs, ttlMs + staleIfErrorMs);
    return isUsable ? cached : undefined;
  }

  /**
   * The last check on every path: the key must be in time and this merchant's, and its user not revoked. A revoked key is not in
   * the cache, and the paths beyond the cache call {@link #assertKeyNotRevoked}.
   */
  #accept(
    key: string,
    session: CachedSession,
    decidedBy: CoinflowDecidedBy,
  ): VerificationResult & { session: CoinflowSession } {
    this.#assertAcceptable(session);
    return { session: sessionOf(key, session, this.#parts.attestor), decidedBy };
  }

  /** As {@link #accept}. All requests with a cached key get the same session. */
  #acceptCached(cached: CacheEntry): VerificationResult {
    this.#assertAcceptable(cached);
    return { session: cached.session, decidedBy: 'cache' };
  }

  #assertAcceptable(claims: SessionClaims): void {
    const { expiresAt, merchantId } = claims;
    if (expiresAt !== null && Date.now() >= expiryOf(claims)) throw new CoinflowSessionKeyExpiredError();
    if (merchantId !== undefined && merchantId !== this.#parts.options.merchantId) {
      throw new CoinflowSessionWrongMerchantError('The session key belongs to another merchant', {
        reason: 'wrong-merchant',
      });
    }
    if (this.#parts.revocations.covers(claims)) throw new CoinflowSessionRevokedError();
  }

  #assertKeyNotRevoked(id: string): void {
    if (this.#parts.revocations.hasKey(id)) throw new CoinflowSessionRevokedError();
  }

  /** Coinflow does not say who owns a key, so a key that does not say it either could belong to any merchant's user. */
  #assertBound(session: CachedSession): void {
    const mustBeBound = !isCreatedByApplication(session) && !this.#parts.options.acceptUnboundKeys;
    if (!mustBeBound || isBound(session)) return;
    throw new CoinflowSessionRejectedError('The session key does not name its merchant, its user and its expiry', {
      reason: 'unbound',
      action: 'If all keys of this Coinflow account are like that, see the option acceptUnboundKeys.',
    });
  }

  #claimsOf(key: string): SessionClaims {
    const claims = readClaims(key);
    const { merchantId } = this.#parts.options;
    // All cached sessions share one string, instead of holding a copy each.
    return claims.merchantId === merchantId ? { ...claims, merchantId } : claims;
  }

  /**
   * The session of a key with a valid tag: Coinflow created the key for this application, at the time of its `iat`.
   * @param isRejected the rejection is newer than the tag, so that the key is known to be ours, but not to be valid
   */
  #attested(session: CachedSession, attestedKey: string, isRejected: boolean): CachedSession {
    const { issuedAt } = session;
    const ageMs = issuedAt === null ? undefined : Math.max(0, this.#parts.coinflow.clock.now() - issuedAt * 1_000);
    const createdAt = ageMs === undefined ? AT_AN_UNKNOWN_TIME : performance.now() - ageMs;
    const verifiedAt = Math.max(session.verifiedAt, createdAt);
    return cachedSession(session, {
      verifiedAt,
      validUntil: isRejected ? -Infinity : Infinity,
      createdUntil: Infinity,
      attestedKey,
    });
  }
}

/** Whether Coinflow cannot be asked now, for any client. A 429 is about one client, and no reason to use a stale session. */
function isOutage(error: unknown): boolean {
  return isTemporary(error) && !(error instanceof CoinflowTooManyRequestsError);
}
