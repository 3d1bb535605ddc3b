import { isIP } from 'node:net';
import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type {
  AuthenticateRequestOptions,
  CoinflowAnonymousResult,
  CoinflowRequestPolicy,
  CoinflowRequestResult,
  CoinflowRevocation,
  CreateSessionKeyOptions,
  VerifySessionKeyOptions,
  WalletLoginOptions,
} from './coinflow-auth.interfaces.js';
import { currentSessionOf } from './contexts/async-sessions.js';
import { notAString, type CoinflowAuthenticator } from './coinflow-authenticator.js';
import {
  CoinflowInvalidArgumentError,
  CoinflowSessionKeyMissingError,
  type CoinflowAuthError,
} from './errors/coinflow-auth.errors.js';
import type { RequestWithHeaders } from './extraction/session-key-extractor.js';
import type { MessageToSign, SessionKeyRequest } from './http/coinflow-client.js';
import { SessionKeyIssuer, type IssuanceOptions } from './issuance/session-key-issuer.js';
import type { CoinflowAuthMetrics } from './metrics/metrics.js';
import type { CoinflowDecisionListener } from './metrics/coinflow-decision.js';
import { observeInstance } from './metrics/open-telemetry.js';
import { MAX_AGE_RULE, isMaxAge, policyProblem } from './options/route-policy.js';
import { isSession, type CoinflowSession } from './session/coinflow-session.js';
import {
  checkSubjectToRevoke,
  checkSignedWallet,
  checkSubject,
  checkWallet,
  type SubjectToRevoke,
  type SessionKeySubject,
  type SignedWallet,
  type SessionKeyWallet,
} from './issuance/subject-arguments.js';
import { watchedSignal } from './util/watched-signal.js';
import { assertSubjectAllowed } from './session/subject.js';
import {
  rejectedWith,
  sessionOrThrow,
  type CoinflowDecidedBy,
  type VerificationResult,
} from './verification/verification-result.js';

const NO_SEAL_KEYS =
  'Without the option sealKeys (COINFLOW_SEAL_KEYS) sessions have no attestedKey: after a restart, and on every other replica, Coinflow must be asked about each session key again';
const REVOKED_HERE_ONLY =
  'A revocation takes effect in this replica only: the other replicas do not learn of it, and a restart loses it. Set the option store to redisSharedStore().';

/**
 * Creates, verifies and revokes Coinflow session keys. Inject it where the application logs users in or out. To protect routes,
 * use `@CoinflowAuth()` or `CoinflowAuthGuard`.
 *
 * Every method throws subclasses of {@link CoinflowAuthError} only. When a controller lets one through, it becomes the right
 * HTTP answer.
 */
export class CoinflowAuthService implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger('CoinflowAuth');
  readonly #authenticator: CoinflowAuthenticator;
  readonly #issuer: SessionKeyIssuer;
  #stopObserving = (): void => undefined;
  #hasRevoked = false;

  /** The module calls it. */
  constructor(authenticator: CoinflowAuthenticator) {
    const { client, sessions, options } = authenticator;
    this.#authenticator = authenticator;
    this.#issuer = new SessionKeyIssuer(client, sessions, options);
    if (options.sealKeys.length === 0) this.#logger.warn(NO_SEAL_KEYS);
  }

  /**
   * Asks Coinflow for the message that a wallet signs to log in. The message can be used once, for a short time. Anyone can
   * cause this call: pass `rateLimitClient`, so that one client cannot use up the wallet logins of all others.
   * @returns the `message` to sign, and on some chains a `transaction` with the same content
   * @throws {@link CoinflowInvalidArgumentError} when the wallet cannot exist on that chain, or Coinflow does not know the wallet
   * @throws {@link CoinflowUnavailableError} or {@link CoinflowBudgetExhaustedError} when Coinflow is unavailable, or the limit
   * `budget.walletLogins` is reached
   * @throws {@link CoinflowTooManyRequestsError} when the client has reached `budget.walletLoginsPerClient` in this minute
   * @example
   * await coinflow.getMessage({ wallet, blockchain: 'solana' }, { rateLimitClient: request.ip });
   */
  async getMessage(
    { wallet, blockchain }: SessionKeyWallet,
    { rateLimitClient }: WalletLoginOptions = {},
  ): Promise<MessageToSign> {
    const subject = checkWallet(wallet, blockchain);
    const { client, sessions, errors } = this.#authenticator;
    try {
      return await sessions.budget.runWalletLogin(rateLimitClient, () =>
        client.getMessage(subject.wallet, subject.blockchain),
      );
    } catch (error) {
      throw errors.report(error);
    }
  }

  /**
   * Creates a session key for a user or a wallet that your application has logged in: your API key vouches for it. Take the
   * user from your own login, never from a body or query. Pass what a client sends to {@link createSessionKeyWithSignature}.
   *
   * The guard accepts the key until it expires, without a call. A later call for the same user and `clientIp` reuses the key
   * until shortly before it expires. After `revokeSubject` the call waits, for 3 s at most, until Coinflow creates keys that
   * the revocation does not cover.
   * @throws {@link CoinflowInvalidArgumentError} when the subject has another property than `userId`, or `wallet` and `blockchain`
   * (also one that is `undefined`), or an argument cannot be sent; nothing was sent
   * @throws {@link CoinflowIssuanceDeniedError} when Coinflow creates no key for this user
   * @throws {@link CoinflowMisconfiguredError} when Coinflow rejects the API key, or the API key belongs to another merchant
   * @throws {@link CoinflowUnavailableError} or {@link CoinflowBudgetExhaustedError} when Coinflow is unavailable
   * @example
   * await coinflow.createSessionKey({ userId: user.id }, { clientIp: request.ip });
   */
  async createSessionKey(
    subject: SessionKeySubject,
    { clientIp, fresh = false }: CreateSessionKeyOptions = {},
  ): Promise<CoinflowSession> {
    return this.#create(checkSubject(subject), { clientIp, fresh });
  }

  /**
   * Creates a session key for a wallet that has signed the message of {@link getMessage}. It accepts what a client sends, and
   * never sends the API key: the signature alone decides. A signature can be used once, so the key is not reused. Anyone can
   * cause this call: pass `rateLimitClient`.
   * @throws {@link CoinflowInvalidArgumentError} when `wallet`, `blockchain` or `signedMessage` is missing or cannot be sent; nothing was sent
   * @throws {@link CoinflowSignatureRejectedError} when Coinflow rejects the signature
   * @throws {@link CoinflowIssuanceDeniedError} when Coinflow creates no key for this wallet
   * @throws {@link CoinflowMisconfiguredError} when the key that Coinflow created belongs to another merchant
   * @throws {@link CoinflowUnavailableError} or {@link CoinflowBudgetExhaustedError} when Coinflow is unavailable, or the limit
   * `budget.walletLogins` is reached
   * @throws {@link CoinflowTooManyRequestsError} when the client has reached `budget.walletLoginsPerClient` in this minute
   * @example
   * await coinflow.createSessionKeyWithSignature(
   *   { wallet, blockchain: 'solana', signedMessage },
   *   { clientIp: request.ip, rateLimitClient: request.ip },
   * );
   */
  async createSessionKeyWithSignature(
    signed: SignedWallet,
    { clientIp, rateLimitClient }: Pick<CreateSessionKeyOptions, 'clientIp'> & WalletLoginOptions = {},
  ): Promise<CoinflowSession> {
    return this.#create(checkSignedWallet(signed), { clientIp, fresh: true, rateLimitClient });
  }

  /**
   * Verifies a session key, plain or attested.
   * @returns the session, verified to be one of this merchant
   * @throws {@link CoinflowSessionKeyMissingError}, {@link CoinflowSessionKeyMalformedError}, {@link CoinflowSessionKeyExpiredError}, {@link CoinflowSessionWrongMerchantError}, {@link CoinflowSessionRejectedError} or {@link CoinflowSessionRevokedError}
   * when the key is not valid
   * @throws {@link CoinflowUnavailableError}, {@link CoinflowBudgetExhaustedError} or {@link CoinflowMisconfiguredError} when the key cannot be verified
   * now; it may be valid, so do not answer 401
   * @throws {@link CoinflowTooManyRequestsError} when the client or the user has caused too many calls to Coinflow
   */
  async verifySessionKey(
    key: string,
    { maxAgeMs = Infinity, rateLimitClient }: VerifySessionKeyOptions = {},
  ): Promise<CoinflowSession> {
    if (!isMaxAge(maxAgeMs)) throw new CoinflowInvalidArgumentError('maxAgeMs', MAX_AGE_RULE);
    const result = await this.#authenticator.authenticate(key, { maxAgeMs }, rateLimitClient);
    this.#count(result);
    return sessionOrThrow(result);
  }

  /**
   * Authenticates a request as `CoinflowAuthGuard` does, for a guard of your own that also accepts other credentials. It
   * writes no header, attaches nothing to the request, and returns the errors of this package instead of throwing them.
   *
   * To reject the request, throw the `error`: it becomes the HTTP answer with its status and headers. Do not replace it by a
   * 401 of your own: in an outage it is a {@link CoinflowUnavailableError} (503).
   * @param policy as in `@CoinflowAuth({ ... })`, without `instance`, which is that of the service; with `access: 'optional'` a
   * request without a session key gets neither a session nor an error
   * @returns the session or the error; the error of a request without a session key is `COINFLOW_SESSION_KEY_MISSING`
   * @throws {@link CoinflowInvalidArgumentError} when the policy is invalid: a mistake in your code, so it is not returned
   * @example
   * const { session, error } = await coinflow.authenticateRequest(request, { subject: 'user' });
   */
  authenticateRequest(
    request: RequestWithHeaders,
    policy?: CoinflowRequestPolicy & { access?: 'required' },
    options?: AuthenticateRequestOptions,
  ): Promise<CoinflowRequestResult>;
  authenticateRequest(
    request: RequestWithHeaders,
    policy: CoinflowRequestPolicy,
    options?: AuthenticateRequestOptions,
  ): Promise<CoinflowRequestResult | CoinflowAnonymousResult>;
  async authenticateRequest(
    request: RequestWithHeaders,
    requirements: CoinflowRequestPolicy = {},
    { sessionKey }: AuthenticateRequestOptions = {},
  ): Promise<CoinflowRequestResult | CoinflowAnonymousResult> {
    const problem = requirementsProblem(requirements);
    if (problem !== undefined) throw new CoinflowInvalidArgumentError('policy', `must be valid: ${problem}`);
    const result = await this.#authenticate(request, requirements, sessionKey);
    if (!result) {
      this.#authenticator.decisions.accepted('request', undefined);
      return {};
    }
    this.#count(result);
    return result.error ? { error: result.error } : { session: result.session };
  }

  /**
   * Revokes one session key, plain or attested: it is rejected from now on until it expires. For logging out.
   * @returns whether the other replicas are notified now
   * @throws {@link CoinflowSessionKeyMissingError} or {@link CoinflowSessionKeyMalformedError} when it is not a session key
   */
  async revokeSessionKey(key: string): Promise<CoinflowRevocation> {
    // In JavaScript the argument may have any type.
    if (!key) throw new CoinflowSessionKeyMissingError();
    if (typeof key !== 'string') throw notAString();
    return this.#revoked(await this.#authenticator.sessions.revoker.revokeKey(key));
  }

  /**
   * Revokes all sessions of a user: every key that Coinflow has created for the user until now is rejected. For logging out
   * everywhere, a changed password, a stolen device. `createSessionKey` creates the user's next session.
   * @returns whether the other replicas are notified now
   * @throws {@link CoinflowInvalidArgumentError} when the argument names no user and no wallet
   */
  async revokeSubject(subject: SubjectToRevoke): Promise<CoinflowRevocation> {
    return this.#revoked(await this.#authenticator.sessions.revoker.revokeSubject(checkSubjectToRevoke(subject)));
  }

  /**
   * The session of the request that is being handled, wherever a handler calls it: in a service, a repository, a callback;
   * `undefined` for an anonymous request under `@CoinflowOptional()`. It requires the option `asyncContext`. It works in every
   * context; for field resolvers of GraphQL, set `fieldResolverEnhancers: ['guards', 'interceptors']`.
   * @throws {@link CoinflowMisconfiguredError} without the option, and outside of a handler that a guard of this instance has run for: a
   * missing guard must not look like an anonymous request
   */
  currentSession(): CoinflowSession | undefined {
    return currentSessionOf(this.#authenticator.asyncSessions);
  }

  /**
   * A signal for what outlives a request: a socket, a stream, a long computation. It is aborted when the session expires, is revoked
   * (on any replica) or is found to be rejected by Coinflow when another request carries its key. `signal.reason` is the error. It never
   * asks Coinflow itself. It is aborted already if the session has ended.
   *
   * `@Sse()` handlers under `@CoinflowAuth()` and GraphQL subscriptions end with their session without it.
   * @throws {@link CoinflowInvalidArgumentError} when it is not a session
   * @example
   * await fetch(exportUrl, { signal: coinflow.sessionSignal(session) });
   */
  sessionSignal(session: CoinflowSession): AbortSignal {
    return watchedSignal((abort) => this.onSessionEnd(session, abort));
  }

  /**
   * Calls the listener once, when the session ends as {@link sessionSignal} describes; at once if it has ended already. Use it
   * where you know when a connection closes, and stop it then.
   * @param listener gets the reason: the error that a request with this session key would now be answered with
   * @returns a function that stops it
   * @throws {@link CoinflowInvalidArgumentError} when it is not a session
   * @example
   * const stop = coinflow.onSessionEnd(session, () => socket.close(4401));
   * socket.once('close', stop);
   */
  onSessionEnd(session: CoinflowSession, listener: (reason: CoinflowAuthError) => void): () => void {
    if (!isSession(session)) throw new CoinflowInvalidArgumentError('session', 'must be a session');
    return this.#authenticator.sessions.watcher.watch(session, listener);
  }

  /** What this instance has done since the replica started, and the size of its cache. The result is plain JSON. */
  metrics(): CoinflowAuthMetrics {
    const { client, decisions, sessions } = this.#authenticator;
    const { cache, revocations, sharedCache, sharedRevocations, budget } = sessions;
    return {
      decisions: decisions.summary(),
      issuance: this.#issuer.statistics,
      cache: { ...cache.size, ...revocations.size },
      budget: budget.metrics,
      sharedStore: sharedCache
        ? { ...sharedCache.statistics, revocationsKnown: sharedRevocations?.isInformed ?? null }
        : null,
      upstream: client.statistics(),
      clockSkewMs: reportedSkew(client.clock.skewMs),
    };
  }

  /**
   * Calls the listener for each decision about a request, for audit logs. It is called before the answer is sent, so it should
   * be quick.
   * @returns a function that removes the listener
   */
  onDecision(listener: CoinflowDecisionListener): () => void {
    return this.#authenticator.decisions.listen(listener);
  }

  /** Starts the OpenTelemetry metrics: by now the application has set up its SDK. Nest calls it. */
  onApplicationBootstrap(): void {
    const { decisions, name } = this.#authenticator;
    this.#stopObserving = observeInstance({ name, counts: decisions.counts, read: () => this.metrics() });
  }

  /** Ends the OpenTelemetry metrics. Nest calls it. */
  onApplicationShutdown(): void {
    this.#stopObserving();
  }

  async #create(request: SessionKeyRequest, options: IssuanceOptions): Promise<CoinflowSession> {
    const { clientIp } = options;
    if (clientIp !== undefined && !isIP(clientIp)) {
      throw new CoinflowInvalidArgumentError('clientIp', 'must be an IPv4 or IPv6 address');
    }
    try {
      return await this.#issuer.issue(request, options);
    } catch (error) {
      throw this.#authenticator.errors.report(error);
    }
  }

  /** @returns `undefined` for an anonymous request that is accepted */
  async #authenticate(
    request: RequestWithHeaders,
    { access, ...policy }: CoinflowRequestPolicy,
    sessionKey: string | undefined,
  ): Promise<VerificationResult | undefined> {
    let decidedBy: CoinflowDecidedBy = 'request';
    try {
      const key = sessionKey ?? this.#authenticator.extractSessionKey(request) ?? '';
      if (key === '' && access === 'optional') return undefined;
      const result = await this.#authenticator.authenticate(key, policy, request);
      decidedBy = result.decidedBy;
      if (result.session) assertSubjectAllowed(result.session, policy);
      return result;
    } catch (error) {
      return rejectedWith(error, decidedBy);
    }
  }

  /** Counts a decision that no guard has made. */
  #count({ decidedBy, session, error }: VerificationResult): void {
    const { decisions } = this.#authenticator;
    if (error) decisions.rejected(decidedBy, error);
    else decisions.accepted(decidedBy, session);
  }

  #revoked(shared: boolean): CoinflowRevocation {
    if (!this.#hasRevoked && !this.#authenticator.sessions.sharedRevocations) this.#logger.warn(REVOKED_HERE_ONLY);
    this.#hasRevoked = true;
    return { shared };
  }
}

/** The mistake in what `authenticateRequest()` requires; `undefined` if it is valid. */
function requirementsProblem(requirements: CoinflowRequestPolicy): string | undefined {
  if (typeof requirements !== 'object' || requirements === null) return policyProblem(requirements);
  if ('instance' in requirements) return 'instance is that of the service';
  const { access = 'required', ...policy } = requirements;
  if (access !== 'required' && access !== 'optional') return 'access must be required or optional';
  return policyProblem(policy);
}

/** A `Date` header has whole seconds, so a difference below one second does not mean that this machine's clock is wrong. */
function reportedSkew(skewMs: number | undefined): number | null {
  if (skewMs === undefined) return null;
  return Math.abs(skewMs) < 1_000 ? 0 : Math.round(skewMs);
}
