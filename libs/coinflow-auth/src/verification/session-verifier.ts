import type { CoinflowClient } from '../client/coinflow-client.js';
import {
  CoinflowSessionKeyExpiredError,
  CoinflowSessionKeyMalformedError,
  CoinflowSessionRejectedError,
  CoinflowSessionWrongMerchantError,
} from '../errors/coinflow-auth.errors.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { readClaims, type SessionClaims } from '../session/claims.js';
import { CoinflowSession } from '../session/coinflow-session.js';
import { MAX_SESSION_KEY_LENGTH, assertSessionKeyShape } from '../session/session-key.js';
import { SingleFlight } from './single-flight.js';
import { SessionMemory, sessionKeyId, type RememberedSession } from './storage/session-memory.js';
import { UpstreamTrust } from './upstream-trust.js';

/** Clocks differ a little: a key that expired this recently is still good. */
const EXPIRY_TOLERANCE_MS = 5_000;
/** A minted key that does not say when it expires: Coinflow documents 24 hours. */
const MINTED_WITHOUT_EXPIRY_MS = 86_400_000;
/** Share of the time to live by which it is shortened or lengthened at random. */
const TTL_JITTER = 0.1;

/**
 * Decides about a session key: memory -> shape -> claims -> one flight -> Coinflow. What is remembered is what the key
 * says and that it was proven; whether that still lets it in is decided at every request.
 */
export class SessionVerifier {
  readonly #client: CoinflowClient;
  readonly #options: ResolvedCoinflowAuthOptions;
  readonly #memory: SessionMemory;
  readonly #flights = new SingleFlight<SessionClaims>();
  readonly #upstream: UpstreamTrust;

  constructor(client: CoinflowClient, options: ResolvedCoinflowAuthOptions) {
    this.#client = client;
    this.#options = options;
    this.#memory = new SessionMemory(options.cache.maxEntries);
    this.#upstream = new UpstreamTrust(client, options.merchantId);
  }

  /**
   * @param maxAgeMs how old the proof may be; 0 asks Coinflow, unless it has just said no
   * @returns the session: at once when memory knows it, otherwise once Coinflow has answered
   * @throws a `CoinflowAuthError`, at once or in the promise
   */
  verify(key: string, maxAgeMs: number): CoinflowSession | Promise<CoinflowSession> {
    // No shape to check before memory: what is remembered had it. Only the length, so that junk costs no hashing.
    if (key.length > MAX_SESSION_KEY_LENGTH) assertSessionKeyShape(key);
    const id = sessionKeyId(key);
    const known = this.#memory.recall(id);
    if (known && isProven(known, maxAgeMs)) return this.#admit(key, known.claims);

    if (this.#memory.isRefused(id)) {
      throw new CoinflowSessionRejectedError('Coinflow refused this session key a moment ago', {
        reason: 'refused-from-memory',
      });
    }
    const claims = known?.claims ?? this.#claimsOf(key);
    const mintedUntil = known?.mintedUntil ?? -Infinity;
    this.#assertUsable(claims, performance.now() < mintedUntil);
    return this.#flights
      .run(id, maxAgeMs, () => this.#prove(id, key, claims, mintedUntil))
      .then((proven) => this.#admit(key, proven));
  }

  /** Remembers a key that Coinflow has just given us: known to be valid, and for whom. */
  rememberMinted(key: string, claims: SessionClaims, mintedAt: number): CoinflowSession {
    const mintedUntil = claims.expiresAt === null ? mintedAt + MINTED_WITHOUT_EXPIRY_MS : Infinity;
    this.#memory.remember(sessionKeyId(key), { claims, mintedUntil, provenAt: mintedAt, provenUntil: mintedUntil });
    return this.#admit(key, claims);
  }

  async #prove(id: string, key: string, claims: SessionClaims, mintedUntil: number): Promise<SessionClaims> {
    // Coinflow's answer speaks of a moment after the call began: the proof is at least this young.
    const provenAt = performance.now();
    try {
      await this.#client.verifyToken(key);
    } catch (error) {
      if (error instanceof CoinflowSessionRejectedError) this.#memory.refuse(id);
      throw error;
    }
    await this.#upstream.establish();
    const ttlMs = this.#options.cache.ttlMs * (1 + TTL_JITTER * (2 * Math.random() - 1));
    // Minting is the longer proof, and a yes does not shorten it.
    const provenUntil = mintedUntil > provenAt ? mintedUntil : provenAt + ttlMs;
    this.#memory.remember(id, { claims, mintedUntil, provenAt, provenUntil });
    return claims;
  }

  #claimsOf(key: string): SessionClaims {
    assertSessionKeyShape(key);
    const claims = readClaims(key);
    if (claims) return claims;
    throw new CoinflowSessionKeyMalformedError('The session key is a JWT whose payload is no JSON object', {
      reason: 'bad-payload',
    });
  }

  /** The last word on every way in: however the key was proven, it must be in time and this merchant's. */
  #admit(key: string, claims: SessionClaims): CoinflowSession {
    this.#assertInTimeAndOurs(claims);
    return new CoinflowSession(key, claims);
  }

  #assertInTimeAndOurs({ expiresAt, merchantId }: SessionClaims): void {
    if (expiresAt !== null && Date.now() >= expiresAt * 1_000 + EXPIRY_TOLERANCE_MS) {
      throw new CoinflowSessionKeyExpiredError();
    }
    if (merchantId !== undefined && merchantId !== this.#options.merchantId) {
      throw new CoinflowSessionWrongMerchantError('The session key is another merchant’s', {
        reason: 'foreign-merchant',
      });
    }
  }

  /** What can be refused without asking: Coinflow would call a foreign key valid, and cannot say whose an unbound one is. */
  #assertUsable(claims: SessionClaims, minted: boolean): void {
    this.#assertInTimeAndOurs(claims);
    const bound = claims.subject !== null && claims.merchantId !== undefined && claims.expiresAt !== null;
    if (bound || minted || this.#options.acceptUnboundKeys) return;
    throw new CoinflowSessionWrongMerchantError(
      'The session key does not say whose it is, for which merchant and until when',
      {
        reason: 'unbound',
        action: 'If all keys of this Coinflow account are like that, see the option acceptUnboundKeys.',
      },
    );
  }
}

function isProven({ provenAt, provenUntil }: RememberedSession, maxAgeMs: number): boolean {
  const now = performance.now();
  return now < provenUntil && now - provenAt < maxAgeMs;
}
