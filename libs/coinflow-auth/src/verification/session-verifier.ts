import {
  CoinflowSessionKeyExpiredError,
  CoinflowSessionRejectedError,
  CoinflowSessionRevokedError,
  CoinflowSessionWrongMerchantError,
  CoinflowTooManyRequestsError,
  isCoinflowAuthError,
} from '../errors/coinflow-auth.errors.js';
import { isBound, readClaims, type SessionClaims } from '../session/claims.js';
import { CoinflowSession } from '../session/coinflow-session.js';
import { assertSessionKeyShape, readPresented, type PresentedKey } from '../session/session-key.js';
import { Attestor } from './attestor.js';
import type { RequestOrClient } from '../budget/client-of.js';
import { newTrace, type CoinflowDecidedBy, type DecisionTrace } from './decision-trace.js';
import type { SharedSessions } from '../cache/shared-sessions.js';
import type { Revocations } from '../cache/revocations.js';
import { isRefusedByBudget } from '../budget/budget-statistics.js';
import {
  FOREVER,
  UNPROVEN,
  isCreated,
  isProven,
  remembered,
  sessionKeyId,
  type RememberedSession,
} from '../cache/remembered-session.js';
import type { SessionCache } from '../cache/session-cache.js';
import { CoinflowVerification, type ProofParts } from './coinflow-verification.js';

/** Clocks differ a little: a key that expired this recently is still good. */
export const EXPIRY_TOLERANCE_MS = 5_000;
/** Before any `maxAgeMs`: when an attested key was made, if it does not say. */
const LONG_AGO = -Number.MAX_SAFE_INTEGER;

/** One request's question. */
interface Question extends PresentedKey {
  readonly id: string;
  readonly maxAgeMs: number;
  readonly trace: DecisionTrace;
  readonly caller: RequestOrClient;
}

/**
 * Decides about a session key: memory -> shape -> claims -> attestation -> one flight -> budget -> Coinflow. What is remembered is
 * what the key says and that it was proven; whether that still lets it in is decided at every request.
 */
export class SessionVerifier {
  readonly #parts: ProofParts;
  readonly #memory: SessionCache;
  readonly #revocations: Revocations;
  readonly #attestor: Attestor;
  readonly #upstream: CoinflowVerification;

  constructor(parts: ProofParts) {
    this.#parts = parts;
    this.#memory = parts.memory;
    this.#revocations = parts.revocations;
    this.#attestor = new Attestor(parts.options);
    this.#upstream = new CoinflowVerification(parts);
  }

  /**
   * @param presented a session key, plain or attested
   * @param maxAgeMs how old the proof may be; 0 asks Coinflow, unless it has just said no
   * @param trace told what the decision rests on
   * @param caller looked at only if Coinflow must be asked
   * @returns the session: at once when memory or our tag knows it, otherwise once Coinflow has answered
   * @throws a `CoinflowAuthError`, at once or in the promise
   */
  verify(
    presented: string,
    maxAgeMs: number,
    trace = newTrace(),
    caller?: RequestOrClient,
  ): CoinflowSession | Promise<CoinflowSession> {
    trace.decidedBy = 'claims';
    const { key, tag } = readPresented(presented);
    // Its form is not looked at: what is remembered had it.
    const id = sessionKeyId(key);
    const known = this.#memory.recall(id);
    if (known && isProven(known, maxAgeMs) && (tag === undefined || isSameText(tag, known.tag))) {
      return this.#admit(key, known, trace, 'cache');
    }
    return this.#decide({ key, tag, id, maxAgeMs, trace, caller }, known);
  }

  /** The session of a key that this application obtained itself, as {@link verify} would give it. */
  sessionOf(key: string, minted: RememberedSession): CoinflowSession {
    return this.#admit(key, minted, newTrace(), 'cache');
  }

  #decide(question: Question, known: RememberedSession | undefined): CoinflowSession | Promise<CoinflowSession> {
    const { key, tag, id, maxAgeMs, trace } = question;
    assertSessionKeyShape(question);
    this.#assertKeyNotRevoked(id, trace);
    const rejection = this.#memory.rejection(id);
    let session = known ?? rejection?.session ?? remembered(this.#claimsOf(key), UNPROVEN);
    this.#assertGood(session, trace);
    // What another instance minted need not say itself whose it is.
    if (!this.#parts.shared || tag !== undefined) this.#assertBound(session);
    if (tag !== undefined) {
      session = this.#attest(session, this.#attestor.recognise(key, tag), rejection !== undefined);
      // The tag is older than the rejection: it says that the key is ours, and no longer that it is valid.
      if (rejection) this.#memory.attestRejected(id, session, rejection);
      else this.#memory.remember(id, session);
      if (isProven(session, maxAgeMs)) return this.#admit(key, session, trace, 'attestation');
    }
    if (rejection && performance.now() < rejection.repeatedUntil) {
      trace.decidedBy = 'negative-cache';
      throw new CoinflowSessionRejectedError('Coinflow rejected this session key a moment ago', {
        reason: 'rejected-recently',
      });
    }
    return this.#ask(question, session);
  }

  #claimsOf(key: string): SessionClaims {
    const claims = readClaims(key);
    const { merchantId } = this.#parts.options;
    // Every session remembers our one text of it, and not each its own.
    return claims.merchantId === merchantId ? { ...claims, merchantId } : claims;
  }

  async #ask(question: Question, session: RememberedSession): Promise<CoinflowSession> {
    const { key, id, maxAgeMs, trace } = question;
    try {
      const { shared: store } = this.#parts;
      const shared = store && maxAgeMs > 0 ? await this.#findShared(store, id, maxAgeMs) : undefined;
      if (shared) {
        this.#assertKeyNotRevoked(id, trace);
        return this.#admit(key, shared, trace, 'shared-cache');
      }
      // While the store was asked, a call that another request waited for may have proven it.
      const meanwhile = this.#memory.recall(id);
      if (meanwhile && isProven(meanwhile, maxAgeMs)) return this.#admit(key, meanwhile, trace, 'cache');
      this.#assertBound(session);
      const proven = await this.#upstream.prove(id, key, session, question);
      this.#assertKeyNotRevoked(id, trace);
      return this.#admit(key, proven, trace, trace.decidedBy);
    } catch (error) {
      if (isRefusedByBudget(error)) trace.decidedBy = 'budget';
      const known = this.#memory.recall(id);
      if (!isOutage(error) || !known || !this.#standsIn(known, maxAgeMs)) throw error;
      return this.#admit(key, known, trace, 'stale');
    }
  }

  /** What another replica has verified, unless this one knows of a rejection, also one that came while the store was read. */
  async #findShared(store: SharedSessions, id: string, maxAgeMs: number): Promise<RememberedSession | undefined> {
    const found = await store.find(id);
    if (!found || !isProven(found, maxAgeMs)) return undefined;
    if (this.#memory.rejection(id)) return undefined;
    if (!this.#revocations.hasKey(id)) this.#memory.remember(id, found);
    return found;
  }

  /** What our tag says: that Coinflow created the key for this application, when the key itself says that it did. */
  #attest(session: RememberedSession, tag: string, isRejected: boolean): RememberedSession {
    const now = performance.now();
    const { issuedAt } = session;
    const createdAt =
      issuedAt === null ? LONG_AGO : now - Math.max(0, this.#parts.client.clock.now() - issuedAt * 1_000);
    const provenAt = Math.max(session.provenAt, createdAt);
    return remembered(session, { createdUntilS: FOREVER, provenAt, holdsMs: isRejected ? 0 : FOREVER, tag });
  }

  /** Whether an old proof may stand in for one that Coinflow cannot give now. */
  #standsIn({ provenAt }: RememberedSession, maxAgeMs: number): boolean {
    const { ttlMs, staleIfErrorMs } = this.#parts.options.cache;
    return performance.now() < provenAt + Math.min(maxAgeMs, ttlMs + staleIfErrorMs);
  }

  /** The last word on every way in: however the key was proven, it must be in time, this merchant's and not revoked. */
  #admit(key: string, session: RememberedSession, trace: DecisionTrace, decidedBy: CoinflowDecidedBy): CoinflowSession {
    this.#assertGood(session, trace);
    trace.decidedBy = decidedBy;
    // A finite end has only a minted key that does not say its own, and such a key is not attested.
    return new CoinflowSession(key, session, session.createdUntilS === FOREVER ? this.#attestor : undefined);
  }

  #assertGood(claims: SessionClaims, trace: DecisionTrace): void {
    const { expiresAt, merchantId } = claims;
    if (expiresAt !== null && Date.now() >= expiresAt * 1_000 + EXPIRY_TOLERANCE_MS) {
      throw new CoinflowSessionKeyExpiredError();
    }
    if (merchantId !== undefined && merchantId !== this.#parts.options.merchantId) {
      throw new CoinflowSessionWrongMerchantError('The session key is another merchant’s', {
        reason: 'wrong-merchant',
      });
    }
    if (this.#revocations.covers(claims)) throw revoked(trace);
  }

  #assertKeyNotRevoked(id: string, trace: DecisionTrace): void {
    if (this.#revocations.hasKey(id)) throw revoked(trace);
  }

  /** Coinflow does not say who owns a key: a key that does not say it either could be any merchant's. */
  #assertBound(session: RememberedSession): void {
    if (isCreated(session) || isBound(session) || this.#parts.options.acceptUnboundKeys) return;
    throw new CoinflowSessionRejectedError('The session key does not name its merchant, its user and its expiry', {
      reason: 'unbound',
      action: 'If all keys of this Coinflow account are like that, see the option acceptUnboundKeys.',
    });
  }
}

function revoked(trace: DecisionTrace): CoinflowSessionRevokedError {
  trace.decidedBy = 'revocation';
  return new CoinflowSessionRevokedError();
}

/** Nobody can tell now, and it passes by itself: as opposed to a no, to a mistake of the merchant's, and to asking too much. */
function isOutage(error: unknown): boolean {
  return isCoinflowAuthError(error) && 'retryAfterMs' in error && !(error instanceof CoinflowTooManyRequestsError);
}

/** In a time that does not depend on where they differ. */
function isSameText(a: string, b: string | undefined): boolean {
  if (a.length !== b?.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i += 1) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
