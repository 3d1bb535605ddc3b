import { isIP } from 'node:net';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { CoinflowClient, type MessageToSign } from './client/coinflow-client.js';
import {
  CoinflowInvalidArgumentError,
  CoinflowMisconfiguredError,
  CoinflowSessionKeyMalformedError,
  CoinflowSessionKeyMissingError,
  isCoinflowAuthError,
  type CoinflowAuthError,
} from './errors/coinflow-auth.errors.js';
import {
  extractSessionKey,
  type AuthenticationScheme,
  type RequestWithHeaders,
  type SessionKeyExtractor,
} from './extraction/session-key-extractor.js';
import { SessionMinter } from './minting/session-minter.js';
import type { ResolvedCoinflowAuthOptions } from './options/resolve-options.js';
import { MAX_AGE_RULE, isMaxAge } from './options/route-metadata.js';
import type { CoinflowSession } from './session/coinflow-session.js';
import { checkSubject, checkWallet, type SessionKeySubject, type WalletToSign } from './session/session-key-subject.js';
import { SessionVerifier } from './verification/session-verifier.js';

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
  readonly #extractor: SessionKeyExtractor;
  /** Errors are shared by all who wait for one call; each is logged once, a misconfiguration once per reason. */
  readonly #logged = new WeakSet<CoinflowAuthError>();
  readonly #misconfigurations = new Set<string>();

  constructor(options: ResolvedCoinflowAuthOptions) {
    this.#client = new CoinflowClient(options);
    this.#verifier = new SessionVerifier(this.#client, options);
    this.#extractor = options.extractor;
    this.#minter = new SessionMinter(this.#client, this.#verifier, options);
  }

  /**
   * Asks Coinflow for the message that a wallet signs to prove that it is the payer's. It is good once, and not for long.
   * @returns the `message` to sign, and on some chains a `transaction` that says the same
   * @throws {CoinflowInvalidArgumentError} when the wallet cannot be one of that chain, or Coinflow does not know it
   * @throws {CoinflowUnavailableError | CoinflowRateLimitedError} when Coinflow cannot answer now
   */
  async getMessage({ wallet, blockchain }: WalletToSign): Promise<MessageToSign> {
    const subject = checkWallet(wallet, blockchain);
    try {
      return await this.#client.getMessage(subject.wallet, subject.blockchain);
    } catch (error) {
      throw this.#report(error);
    }
  }

  /**
   * Obtains a session key for a user or a wallet that the application itself has logged in, or for a wallet that proves
   * itself by its signature. The key is known to be valid from then on.
   * @throws {CoinflowInvalidArgumentError} when an argument cannot be sent; nothing was
   * @throws {CoinflowSignatureRejectedError} when Coinflow does not accept the signature
   * @throws {CoinflowMintRefusedError} when Coinflow gives this payer none
   * @throws {CoinflowMisconfiguredError} when Coinflow refuses the API key, or it is another merchant's
   * @throws {CoinflowUnavailableError | CoinflowRateLimitedError} when Coinflow cannot answer now
   * @example
   * await coinflow.createSessionKey({ userId: user.id }, { clientIp: request.ip });
   * await coinflow.createSessionKey({ wallet, blockchain: 'solana', signedMessage });
   */
  async createSessionKey(
    subject: SessionKeySubject,
    { clientIp }: CreateSessionKeyOptions = {},
  ): Promise<CoinflowSession> {
    const request = checkSubject(subject);
    if (clientIp !== undefined && !isIP(clientIp)) {
      throw new CoinflowInvalidArgumentError('clientIp', 'must be an IPv4 or IPv6 address');
    }
    try {
      return await this.#minter.mint(request, clientIp);
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
   * @throws {CoinflowCrossSiteError} when it is in a cookie that another site made the browser send
   */
  extractSessionKey(request: RequestWithHeaders): string | undefined {
    return extractSessionKey(this.#extractor, request);
  }

  /** The schemes that a refusal asks for in `WWW-Authenticate`. For guards. */
  get schemes(): readonly AuthenticationScheme[] {
    return this.#extractor.schemes;
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
