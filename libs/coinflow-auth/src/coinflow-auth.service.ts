import { isIP } from 'node:net';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { CoinflowClient } from './client/coinflow-client.js';
import {
  CoinflowInvalidArgumentError,
  CoinflowMisconfiguredError,
  CoinflowSessionKeyMalformedError,
  CoinflowSessionKeyMissingError,
  isCoinflowAuthError,
  type CoinflowAuthError,
} from './errors/coinflow-auth.errors.js';
import { sessionKeyFromHeader, type RequestWithHeaders } from './extraction/session-key-header.js';
import { SessionMinter } from './minting/session-minter.js';
import { HEADER_VALUE_RULE, isHeaderValue } from './options/header-value.js';
import type { ResolvedCoinflowAuthOptions } from './options/resolve-options.js';
import { MAX_AGE_RULE, isMaxAge } from './options/route-metadata.js';
import type { CoinflowSession } from './session/coinflow-session.js';
import { SessionVerifier } from './verification/session-verifier.js';

/** Whom a session key is for: the merchant's own id of the user. */
export interface SessionKeySubject {
  /** 1 to 256 visible ASCII characters. From the application's own login, never from the request's body or query. */
  userId: string;
}

/** What can be said beside whom a session key is for. */
export interface CreateSessionKeyOptions {
  /** The end user's IP address, so that Coinflow's fraud checks see the payer and not this server. */
  clientIp?: string;
}

/** What can be asked of a verification. */
export interface VerifySessionKeyOptions {
  /**
   * How old, in milliseconds, the proof may be. 0 asks Coinflow every time, for what must not rest on an old yes (a key
   * that Coinflow has just refused stays refused for 30 s).
   * @default for as long as the proof holds
   */
  maxAgeMs?: number;
}

/**
 * Obtains and verifies Coinflow's session keys. Inject it, or let `CoinflowAuthGuard` ask it.
 *
 * Every method throws subclasses of {@link CoinflowAuthError} only. Thrown in a controller they become the right HTTP
 * answer by themselves.
 */
export class CoinflowAuthService implements OnApplicationShutdown {
  readonly #logger = new Logger('CoinflowAuth');
  readonly #client: CoinflowClient;
  readonly #verifier: SessionVerifier;
  readonly #minter: SessionMinter;
  /** Errors are shared by all who wait for one call; each is logged once, a misconfiguration once per reason. */
  readonly #logged = new WeakSet<CoinflowAuthError>();
  readonly #misconfigurations = new Set<string>();

  constructor(options: ResolvedCoinflowAuthOptions) {
    this.#client = new CoinflowClient(options);
    this.#verifier = new SessionVerifier(this.#client, options);
    this.#minter = new SessionMinter(this.#client, this.#verifier, options);
  }

  /**
   * Obtains a session key for a user whom the application itself has logged in. The key is known to be valid from then on.
   * @throws {CoinflowInvalidArgumentError} when the user id or the address cannot be sent; nothing was
   * @throws {CoinflowMintRefusedError} when Coinflow gives this user none
   * @throws {CoinflowMisconfiguredError} when Coinflow refuses the API key, or it is another merchant's
   * @throws {CoinflowUnavailableError | CoinflowRateLimitedError} when Coinflow cannot answer now
   * @example
   * const session = await coinflow.createSessionKey({ userId: user.id }, { clientIp: request.ip });
   * return { key: session.key, expiresAt: session.expiresAt };
   */
  async createSessionKey(
    subject: SessionKeySubject,
    { clientIp }: CreateSessionKeyOptions = {},
  ): Promise<CoinflowSession> {
    const userId: unknown = subject?.userId;
    if (!isHeaderValue(userId)) throw new CoinflowInvalidArgumentError('userId', HEADER_VALUE_RULE);
    if (clientIp !== undefined && !isIP(clientIp)) {
      throw new CoinflowInvalidArgumentError('clientIp', 'must be an IPv4 or IPv6 address');
    }
    try {
      return await this.#minter.mint({ kind: 'user', userId }, clientIp);
    } catch (error) {
      throw this.#report(error);
    }
  }

  /**
   * Decides about a session key.
   * @returns the session, proven to be this merchant's
   * @throws {CoinflowSessionKeyMissingError | CoinflowSessionKeyMalformedError | CoinflowSessionKeyExpiredError | CoinflowSessionWrongMerchantError | CoinflowSessionRejectedError}
   * when the key lets nobody in
   * @throws {CoinflowUnavailableError | CoinflowRateLimitedError | CoinflowMisconfiguredError} when nobody can tell now: never take it for a refusal
   */
  async verifySessionKey(key: string, options?: VerifySessionKeyOptions): Promise<CoinflowSession> {
    return this.authenticate(key, options);
  }

  /**
   * As {@link verifySessionKey}, but what memory knows is answered, or thrown, at once and without a promise: for guards.
   */
  authenticate(
    key: string,
    { maxAgeMs = Infinity }: VerifySessionKeyOptions = {},
  ): CoinflowSession | Promise<CoinflowSession> {
    if (!key) throw new CoinflowSessionKeyMissingError();
    if (typeof key !== 'string') {
      throw new CoinflowSessionKeyMalformedError('The session key is not a string', { reason: 'not-a-string' });
    }
    if (!isMaxAge(maxAgeMs)) throw new CoinflowInvalidArgumentError('maxAgeMs', MAX_AGE_RULE);
    try {
      const decision = this.#verifier.verify(key, maxAgeMs);
      return decision instanceof Promise ? decision.catch((error: unknown) => this.#rethrow(error)) : decision;
    } catch (error) {
      return this.#rethrow(error);
    }
  }

  /**
   * The one session key that a request carries, not yet looked at; `undefined` when it carries none. For guards.
   * @throws {CoinflowSessionKeyMalformedError} when it carries two different ones
   */
  extractSessionKey(request: RequestWithHeaders): string | undefined {
    return sessionKeyFromHeader(request);
  }

  onApplicationShutdown(): void {
    this.#client.close();
  }

  #rethrow(error: unknown): never {
    throw this.#report(error);
  }

  /** Logs what the operator should know, and gives the error back to be thrown. */
  #report(error: unknown): unknown {
    if (!isCoinflowAuthError(error) || this.#logged.has(error)) return error;
    this.#logged.add(error);
    const line = `${error.message} [${error.code}: ${error.reason}]`;
    if (error instanceof CoinflowMisconfiguredError) {
      if (!this.#misconfigurations.has(error.reason)) this.#logger.error(`${line} ${error.action}`);
      this.#misconfigurations.add(error.reason);
    } else if ('retryAfterMs' in error) {
      this.#logger.warn(line);
    } else {
      this.#logger.debug(line);
    }
    return error;
  }
}
