import { verificationKind } from '../budget/budget-statistics.js';
import type { CallBudget } from '../budget/call-budget.js';
import type { RequestOrClient } from '../budget/rate-limit-client.js';
import { cachedSession, isCreatedByApplication, isFresh, type CachedSession } from '../cache/cached-session.js';
import type { Revocations } from '../cache/revocations.js';
import type { SessionCache } from '../cache/session-cache.js';
import type { SharedRevocations } from '../cache/shared-revocations.js';
import type { SharedSessions } from '../cache/shared-sessions.js';
import { CoinflowSessionRejectedError } from '../errors/coinflow-auth.errors.js';
import type { TokenVerifier } from '../http/coinflow-client.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import type { PresentedKey } from '../session/session-key.js';
import type { Attestor } from './attestor.js';
import { EndpointProbe } from './endpoint-probe.js';

/** The share of the time to live by which it is shortened or lengthened at random. */
const TTL_JITTER = 0.1;

/** What verifying a session key needs. */
export interface VerifierParts {
  readonly coinflow: TokenVerifier;
  readonly options: ResolvedCoinflowAuthOptions;
  readonly attestor: Attestor;
  readonly cache: SessionCache;
  readonly revocations: Revocations;
  readonly budget: CallBudget;
  /** `undefined` without a shared store. */
  readonly sharedSessions?: SharedSessions | undefined;
  /** `undefined` where the shared store shares no revocations. */
  readonly sharedRevocations?: Pick<SharedRevocations, 'publishRejection'> | undefined;
}

/** A session key that a request carries, and what the request demands. */
export interface KeyToVerify extends PresentedKey {
  readonly id: string;
  /** How old the verification may be, in milliseconds. 0 demands a call that starts after the request arrived. */
  readonly maxAgeMs: number;
  /** The client that sent the key, for the rate limits. */
  readonly client: RequestOrClient;
}

/**
 * Verifies session keys with Coinflow, within the budget, and caches what Coinflow responds.
 *
 * Which rate limits a call counts for depends on what is known of the key when the call starts. The slots are taken before the
 * call, and given back unless its outcome spends them:
 *
 * | the key                              | kind            | a slot of                    | is spent when Coinflow     |
 * | ------------------------------------ | --------------- | ---------------------------- | -------------------------- |
 * | has a verification that still counts | `revalidations` | the key's user, the client   | was called                 |
 * | was verified or attested before      | `knownKeys`     | the key's user, the client   | was called                 |
 * | is new                               | `newKeys`       | the client's rejections      | rejects the key            |
 * |                                      |                 | the client's new keys        | accepts or rejects the key |
 *
 * No user is charged for a new key, whose user is only a claim.
 */
export class CoinflowVerification {
  readonly #parts: VerifierParts;
  readonly #probe: EndpointProbe;

  constructor(parts: VerifierParts) {
    this.#parts = parts;
    const { coinflow, options, budget } = parts;
    // The random key is this application's own, and is sent only after Coinflow has accepted another key.
    const verifyToken = (key: string): Promise<void> =>
      budget.probe(() => coinflow.verifyToken(key, { isKnown: true }));
    this.#probe = new EndpointProbe({ verifyToken }, options.merchantId);
  }

  /**
   * @param known the claims of the key, and its verification until now
   * @returns the session with its new verification
   * @throws {@link CoinflowSessionRejectedError} when Coinflow rejects the key; otherwise the errors of the budget and of the call
   */
  async verify(request: KeyToVerify, known: CachedSession): Promise<CachedSession> {
    const { id, key, client } = request;
    const { coinflow, options, cache, budget } = this.#parts;
    // A request that waited for an earlier call may know less than that call has verified.
    const kind = verificationKind(cache.get(id) ?? known);
    // Counted from the start of the call: Coinflow looks at the key at some moment after it.
    const verifiedAt = performance.now();
    try {
      // 7. Budget and 8. Coinflow
      await budget.run({ kind, id, subject: known.subject, client }, () =>
        coinflow.verifyToken(key, { isKnown: kind !== 'newKeys' }),
      );
    } catch (error) {
      if (error instanceof CoinflowSessionRejectedError) this.#rejected(id, known);
      throw error;
    }
    await this.#probe.run();
    const ttlMs = Math.round(options.cache.ttlMs * (1 + TTL_JITTER * (2 * Math.random() - 1)));
    // A key that this application created is valid for longer than an acceptance, which does not shorten that.
    const validUntil = isCreatedByApplication(known) ? known.createdUntil : verifiedAt + ttlMs;
    const session = cachedSession(known, { ...known, verifiedAt, validUntil });
    this.#accepted(request, session);
    return session;
  }

  /** 9. Caches the session here and for the other replicas, unless the key was revoked or rejected during the call. */
  #accepted({ id, key }: KeyToVerify, session: CachedSession): void {
    const { cache, sharedSessions } = this.#parts;
    if (cache.set(id, key, session)) sharedSessions?.set(id, session);
  }

  /** 9. Caches the rejection, here and on all replicas: whatever they have verified of the key is older. */
  #rejected(id: string, known: CachedSession): void {
    const { cache, sharedSessions, sharedRevocations } = this.#parts;
    // A request with the key's attested form may have arrived during the call.
    const session = cache.get(id) ?? known;
    // The next request with a verified key asks again, since one wrong response must not lock a user out.
    if (isFresh(session, Infinity)) cache.invalidate(id, session);
    else cache.reject(id, session);
    sharedSessions?.delete(id);
    void sharedRevocations?.publishRejection(id, session);
  }
}
