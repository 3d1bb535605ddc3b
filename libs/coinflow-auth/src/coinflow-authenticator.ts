import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { RequestOrClient } from './budget/rate-limit-client.js';
import { SharedAuthentications } from './contexts/shared-authentications.js';
import { AsyncSessions } from './contexts/async-sessions.js';
import { HTTP, httpContext, varyOf } from './contexts/http-context.js';
import { SessionUsers } from './contexts/session-users.js';
import { CoinflowSessionKeyMalformedError, CoinflowSessionKeyMissingError } from './errors/coinflow-auth.errors.js';
import {
  extractSessionKey,
  type AuthenticationScheme,
  type RequestWithHeaders,
} from './extraction/session-key-extractor.js';
import { CoinflowClient } from './http/coinflow-client.js';
import { DecisionLog } from './metrics/decision-log.js';
import { ErrorLog } from './metrics/error-log.js';
import type { CoinflowContext } from './options/context-contracts.js';
import type { ResolvedCoinflowAuthOptions } from './options/resolve-options.js';
import { SessionParts } from './verification/session-parts.js';
import { rejectedWith, type VerificationResult } from './verification/verification-result.js';

/**
 * Authenticates requests for the guard and the service: one for each instance of the module. It is internal. Applications use
 * the guard and `CoinflowAuthService`.
 */
export class CoinflowAuthenticator implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly client: CoinflowClient;
  readonly sessions: SessionParts;
  readonly errors = new ErrorLog();
  /** Counts decisions. The caller reports each one, after it has checked the policy of the route as well. */
  readonly decisions: DecisionLog;
  /** The value of `Vary` for each answer that depends on the session: the request headers that may carry the key. */
  readonly vary: string;
  /** By the type of a context, as `ExecutionContext.getType()` has it. */
  readonly contexts: ReadonlyMap<string, CoinflowContext>;
  /** The requests for which several handlers run. */
  readonly shared: SharedAuthentications;
  /** The sessions of the requests that are being handled; `undefined` without the option `asyncContext`. */
  readonly asyncSessions: AsyncSessions | undefined;
  /** The application's own users. */
  readonly users: SessionUsers;
  /** The name of the instance; `undefined` for the unnamed one. */
  readonly name: string | undefined;
  /** Private, since the options contain secrets, which `util.inspect()` must not show. */
  readonly #options: ResolvedCoinflowAuthOptions;

  constructor(options: ResolvedCoinflowAuthOptions, name?: string) {
    this.#options = options;
    this.name = name;
    this.client = new CoinflowClient(options);
    this.sessions = new SessionParts(this.client, options);
    this.decisions = new DecisionLog(name);
    this.shared = new SharedAuthentications((session) => this.sessions.watcher.checkOf(session));
    this.asyncSessions = options.asyncContext ? new AsyncSessions() : undefined;
    this.users = new SessionUsers(options.loadUser);
    this.vary = varyOf(options.extractor);
    this.contexts = new Map([...Object.entries(options.contexts), [HTTP, httpContext]]);
  }

  get options(): ResolvedCoinflowAuthOptions {
    return this.#options;
  }

  /** The schemes of `WWW-Authenticate` in a 401. */
  get schemes(): readonly AuthenticationScheme[] {
    return this.options.extractor.schemes;
  }

  /**
   * The session key that the request carries, not checked yet; `undefined` if it carries none.
   * @throws {@link CoinflowSessionKeyMalformedError} when the request carries two different keys
   * @throws {@link CoinflowCrossSiteError} when the key is in a cookie of a request that another site caused
   * @throws {@link CoinflowMisconfiguredError} when the option `extractor` returns a promise, or something else than a list
   */
  extractSessionKey(request: RequestWithHeaders): string | undefined {
    try {
      return extractSessionKey(this.options.extractor, request);
    } catch (error) {
      throw this.errors.report(error);
    }
  }

  /**
   * Verifies a session key, plain or attested, and logs what the operator should know about an error.
   * @param client the request, or the client that sent the key; read only if Coinflow must be asked
   * @returns synchronously if the cache or the attestation decides
   */
  authenticate(
    key: string,
    { maxAgeMs = Infinity }: { readonly maxAgeMs?: number | undefined },
    client: RequestOrClient,
  ): VerificationResult | Promise<VerificationResult> {
    // In JavaScript the argument may have any type.
    if (!key) return rejectedWith(new CoinflowSessionKeyMissingError(), 'request');
    if (typeof key !== 'string') return rejectedWith(notAString(), 'request');
    const result = this.sessions.verifier.verify(key, maxAgeMs, client);
    return result instanceof Promise ? result.then((late) => this.#reported(late)) : this.#reported(result);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.sessions.open();
  }

  async onApplicationShutdown(): Promise<void> {
    this.client.close();
    await this.sessions.close();
  }

  #reported(result: VerificationResult): VerificationResult {
    if (result.error) this.errors.report(result.error);
    return result;
  }
}

/** The error of an argument that should be a session key, and is not a string. */
export function notAString(): CoinflowSessionKeyMalformedError {
  return new CoinflowSessionKeyMalformedError('The session key is not a string', { reason: 'not-a-string' });
}
