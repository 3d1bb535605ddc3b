import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionKeyRequest, SessionKeySource } from '../http/coinflow-client.js';
import { RETRY_AFTER_MS } from '../http/response.js';
import {
  CoinflowMisconfiguredError,
  CoinflowUnavailableError,
  isCoinflowAuthError,
} from '../errors/coinflow-auth.errors.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { readClaims, type SessionClaims } from '../session/claims.js';
import type { CoinflowSession } from '../session/coinflow-session.js';
import { assertSessionKeyShape } from '../session/session-key.js';
import { isSameSubject, subjectName, type CoinflowSubject } from '../session/subject.js';
import type { SessionParts } from '../verification/session-parts.js';
import { SingleFlight } from '../verification/single-flight.js';
import { cachedSession, sessionKeyId } from '../cache/cached-session.js';
import { IssuedKeys, type IssuedKey } from './issued-keys.js';

/** The life of a created key without an expiry: Coinflow documents 24 hours. */
const CREATED_WITHOUT_EXPIRY_MS = 86_400_000;
/** The most keys that are kept for reuse. Each one takes memory for its string, and saves only one call. */
const MAX_KEPT = 100_000;
/** The longest wait until Coinflow's clock has passed a revocation. */
const MAX_WAIT_MS = 3_000;

/** Options of one issuance. */
export interface IssuanceOptions {
  /** The address of the user. */
  readonly clientIp: string | undefined;
  /** Creates a key that no other call gets. */
  readonly fresh: boolean;
  /** The client that logs in with the signature of a wallet. */
  readonly rateLimitClient?: string | undefined;
}

/** Creates session keys, and compares each with the request before it returns it. */
export class SessionKeyIssuer {
  readonly #client: SessionKeySource;
  readonly #sessions: SessionParts;
  readonly #options: ResolvedCoinflowAuthOptions;
  readonly #keys: IssuedKeys;
  readonly #flights = new SingleFlight<IssuedKey>();
  #reused = 0;

  constructor(client: SessionKeySource, sessions: SessionParts, options: ResolvedCoinflowAuthOptions) {
    this.#client = client;
    this.#sessions = sessions;
    this.#options = options;
    const maxEntries = Math.min(options.cache.maxEntries, MAX_KEPT);
    this.#keys = new IssuedKeys(maxEntries, options.merchantId, sessions.sharedCache);
  }

  get statistics(): { kept: number; reused: number } {
    return { kept: this.#keys.size, reused: this.#reused };
  }

  async issue(request: SessionKeyRequest, options: IssuanceOptions): Promise<CoinflowSession> {
    const { clientIp, fresh } = options;
    // A signature creates a key of its own. A fresh key belongs to one device, whose logout must end no other session.
    if (fresh || request.signedMessage !== undefined) {
      return this.#sessionOf(await this.#createUnrevoked(request, options));
    }
    // Coinflow's fraud checks have seen the address that a key was created for.
    const name = `${clientIp ?? ''} ${subjectName(request.subject)}`;
    const kept = this.#findKept(name);
    if (kept) {
      this.#reused += 1;
      return this.#sessionOf(kept);
    }
    const issued = await this.#flights.run(name, Infinity, async () => {
      const shared = await this.#findShared(name);
      const issued = shared ?? (await this.#createUnrevoked(request, options));
      this.#keys.keep(name, issued);
      if (!shared) this.#keys.share(name, issued);
      return issued;
    });
    return this.#sessionOf(issued);
  }

  #sessionOf({ key, session }: IssuedKey): CoinflowSession {
    return this.#sessions.verifier.sessionOf(key, session);
  }

  #findKept(name: string): IssuedKey | undefined {
    const kept = this.#keys.find(name);
    if (!kept || this.#canReuse(kept)) return kept;
    this.#keys.drop(name);
    return undefined;
  }

  /** @returns a key that another replica has created */
  async #findShared(name: string): Promise<IssuedKey | undefined> {
    const issued = await this.#keys.findShared(name);
    if (!issued || !this.#canReuse(issued)) return undefined;
    this.#reused += 1;
    return issued;
  }

  /** Whether a key is neither revoked nor rejected. If so, the cache has it afterwards as a created key. */
  #canReuse(issued: IssuedKey): boolean {
    const { cache } = this.#sessions;
    const id = sessionKeyId(issued.key);
    if (this.#isRevoked(issued) || cache.getRejection(id)) return false;
    // Other sessions may have displaced it from the cache.
    if (!cache.get(id)) cache.set(id, issued.key, issued.session);
    return true;
  }

  /**
   * Creates a key that no revocation covers. A key of the second of a revocation would be revoked as well, so this waits until
   * Coinflow's clock has passed that second. The same holds for a fresh key: times in a key have whole seconds, so a second
   * key of the same second would be equal to the first one.
   */
  async #createUnrevoked(request: SessionKeyRequest, options: IssuanceOptions): Promise<IssuedKey> {
    const deadline = performance.now() + MAX_WAIT_MS;
    let waitMs = this.#waitMs(request.subject);
    for (;;) {
      // Rounded up, because a timer ignores fractions: a key of the second before would need another call.
      if (waitMs > 0) await sleep(Math.ceil(Math.min(waitMs, deadline - performance.now())));
      const issued = await this.#create(request, options);
      const id = sessionKeyId(issued.key);
      // Coinflow accepts a signature once.
      const isLast = request.signedMessage !== undefined || performance.now() >= deadline;
      const isNotFresh = options.fresh && this.#sessions.cache.get(id) !== undefined;
      const isRevoked = this.#isRevoked(issued);
      if (!isRevoked && (!isNotFresh || isLast)) {
        this.#sessions.setCreated(id, issued.key, issued.session);
        return issued;
      }
      if (isLast) {
        throw unusable(
          "The session key that Coinflow created is still covered by the revocation of this user's keys",
          'created-key-revoked',
        );
      }
      // Within one second Coinflow may create the same key again.
      waitMs = Math.max(this.#waitMs(request.subject), 1_000 - (this.#client.clock.now() % 1_000));
    }
  }

  /** For how many milliseconds Coinflow's keys are covered by a revocation of the user. */
  #waitMs(subject: CoinflowSubject): number {
    const cutOff = this.#sessions.revocations.cutOffOf(subject);
    return cutOff === undefined ? 0 : (cutOff + 1) * 1_000 - this.#client.clock.now();
  }

  #isRevoked({ key, session }: IssuedKey): boolean {
    const { revocations } = this.#sessions;
    return revocations.hasKey(sessionKeyId(key)) || revocations.covers(session);
  }

  async #create(request: SessionKeyRequest, options: IssuanceOptions): Promise<IssuedKey> {
    const createdAt = performance.now();
    const createdAtSecond = Math.floor(this.#client.clock.now() / 1_000);
    const { subject } = request;
    const key = await this.#getSessionKey(request, options);
    const claims = readCreated(key);
    this.#assertAsRequested(claims, subject);
    const createdUntil = claims.expiresAt === null ? createdAt + CREATED_WITHOUT_EXPIRY_MS : Infinity;
    // A key without a subject or a time gets those of the request.
    const known = {
      ...claims,
      subject: claims.subject ?? subject,
      merchantId: claims.merchantId && this.#options.merchantId,
      issuedAt: claims.issuedAt ?? createdAtSecond,
    };
    return { key, session: cachedSession(known, { verifiedAt: createdAt, validUntil: createdUntil, createdUntil }) };
  }

  /** Anybody can cause a call with a signature, so the budget limits it. Calls with the API key are for the application's users. */
  #getSessionKey(request: SessionKeyRequest, { clientIp, rateLimitClient }: IssuanceOptions): Promise<string> {
    const call = (): Promise<string> => this.#client.getSessionKey(request, clientIp);
    return request.signedMessage === undefined ? call() : this.#sessions.budget.runWalletLogin(rateLimitClient, call);
  }

  #assertAsRequested({ merchantId, subject, expiresAt }: SessionClaims, requested: CoinflowSubject): void {
    if (merchantId !== undefined && merchantId !== this.#options.merchantId) {
      throw new CoinflowMisconfiguredError(
        'The API key creates session keys of another merchant than that of the option merchantId',
        {
          reason: 'created-key-for-another-merchant',
          action:
            'Set the options apiKey and merchantId (COINFLOW_API_KEY, COINFLOW_MERCHANT_ID) to those of one merchant.',
        },
      );
    }
    if (subject && !isSameSubject(subject, requested)) {
      throw unusable(
        'The session key that Coinflow created is for another user than requested',
        'created-key-for-another-user',
      );
    }
    if (expiresAt !== null && expiresAt * 1_000 <= Date.now()) {
      throw unusable(
        "The session key that Coinflow created has expired already. Check this machine's clock.",
        'created-key-expired',
      );
    }
  }
}

/** The claims of a created key; none of an opaque one. The guard must be able to accept the key. */
function readCreated(key: string): SessionClaims {
  try {
    assertSessionKeyShape({ key, tag: undefined });
    return readClaims(key);
  } catch (error) {
    throw unusable('The session key that Coinflow created is malformed', 'created-key-malformed', error);
  }
}

function unusable(message: string, reason: string, error?: unknown): CoinflowUnavailableError {
  const cause = isCoinflowAuthError(error) ? error : undefined;
  return new CoinflowUnavailableError(message, { reason, retryAfterMs: RETRY_AFTER_MS, cause });
}
