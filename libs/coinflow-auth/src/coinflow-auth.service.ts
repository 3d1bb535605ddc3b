import { isIP } from 'node:net';
import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CoinflowClient, type MessageToSign } from './http/coinflow-client.js';
import { varyOf } from './contexts/http-context.js';
import {
  CoinflowInvalidArgumentError,
  CoinflowSessionKeyMalformedError,
  CoinflowSessionKeyMissingError,
  isCoinflowAuthError,
  type AnyCoinflowAuthError,
} from './errors/coinflow-auth.errors.js';
import {
  extractSessionKey,
  type AuthenticationScheme,
  type RequestWithHeaders,
} from './extraction/session-key-extractor.js';
import type { CoinflowAuthMetrics } from './metrics/metrics.js';
import type { CoinflowDecisionListener } from './metrics/coinflow-decision.js';
import { DecisionLog } from './metrics/decision-log.js';
import { ErrorLog } from './metrics/error-log.js';
import { observeInstance } from './metrics/open-telemetry.js';
import { SessionKeyIssuer, type IssuanceOptions } from './issuance/session-key-issuer.js';
import type { ResolvedCoinflowAuthOptions } from './options/resolve-options.js';
import { MAX_AGE_RULE, isMaxAge, policyProblem, type CoinflowRoutePolicy } from './options/route-policy.js';
import type { CoinflowSession } from './session/coinflow-session.js';
import {
  checkSubjectToRevoke,
  checkSignedWallet,
  checkSubject,
  checkWallet,
  type SubjectToRevoke,
  type IssuanceRequest,
  type SessionKeySubject,
  type SignedWallet,
  type SessionKeyWallet,
} from './session/session-key-subject.js';
import { assertSubjectAllowed } from './session/subject.js';
import { newTrace, type DecisionTrace } from './verification/decision-trace.js';
import { inTime } from './util/promises.js';
import { SessionParts } from './verification/session-parts.js';

const NO_SEAL_KEYS =
  'Without the option sealKeys (COINFLOW_SEAL_KEYS) sessions have no attestedKey: after a restart, and on every other instance, Coinflow must be asked about each session key again';
const REVOKED_HERE_ONLY =
  'A revocation holds in this process only: no other instance learns of it, nor this one after a restart';
/** For how long the application waits for what a shared store's `timeoutMs` does not cover. Reading many revocations takes a while. */
const STORE_OPEN_MS = 30_000;
const STORE_TIMEOUT_MS = 5_000;
const REVOCATIONS_UNKNOWN = `The revocations of the shared store did not open within ${STORE_OPEN_MS / 1_000} s: until they do, session keys that other replicas have revoked are accepted. Check the store. [revocations-unavailable]`;

/** What can be said beside whom a session key is for. */
export interface CreateSessionKeyOptions {
  /** The end user's IP address, so that Coinflow's fraud checks see the payer and not this server. */
  clientIp?: string;
  /**
   * Creates a session key for this call alone: it is not shared with concurrent calls, and never reused by a later one.
   * Logging out on one device (`revokeSessionKey`) then leaves the user's other devices signed in.
   * @default false
   */
  fresh?: boolean;
}

/** What can be said about the login of a wallet. */
export interface WalletLoginOptions {
  /**
   * The client that wants to log in: its address (of IPv6, its /64 counts), or any other text that tells clients apart.
   * `budget.walletLoginsPerClient` applies to it.
   * @default the limit per client does not apply
   */
  rateLimitClient?: string | undefined;
}

/** What can be asked of a verification. */
export interface VerifySessionKeyOptions {
  /**
   * How old, in milliseconds, the proof may be. 0 asks Coinflow every time, for what must not rest on an old yes (a key
   * that Coinflow has just refused stays refused for 30 s). An attested key counts as proven when it was made.
   * @default for as long as the proof holds
   */
  maxAgeMs?: number;
  /**
   * The client that sent the key, if no guard has seen the request: its address, or any other text that tells clients apart.
   * The limits per client of the option `budget` apply to it ({@link CoinflowTooManyRequestsError}).
   * @default the limits per client do not apply
   */
  rateLimitClient?: string;
}

/** The result of `authenticateRequest()`: the session of the request, or the reason why it has none. */
export type CoinflowRequestResult =
  | { readonly session: CoinflowSession; readonly error?: undefined }
  | { readonly session?: undefined; readonly error: AnyCoinflowAuthError };

/** How far a revocation reaches. */
export interface CoinflowRevocation {
  /**
   * Whether the other instances are told now. Without `redisSharedStore()` none is; while Redis is away they are once it is
   * back.
   */
  readonly shared: boolean;
}

/**
 * Obtains, verifies and revokes Coinflow's session keys. Inject it, or let `CoinflowAuthGuard` ask it.
 *
 * Every method throws subclasses of {@link CoinflowAuthError} only. Thrown in a controller they become the right HTTP
 * answer by themselves.
 */
export class CoinflowAuthService implements OnApplicationBootstrap, OnApplicationShutdown {
  /** Counts what becomes of requests. For guards, which have the last word about a request. */
  readonly decisions: DecisionLog;

  /** What `Vary` names on each answer that depends on the session: the request headers that may carry the key. For guards. */
  readonly vary: string;

  readonly #logger = new Logger('CoinflowAuth');
  readonly #errors = new ErrorLog();
  readonly #options: ResolvedCoinflowAuthOptions;
  readonly #client: CoinflowClient;
  readonly #sessions: SessionParts;
  readonly #issuer: SessionKeyIssuer;
  readonly #name: string | undefined;
  #stopObserving = (): void => undefined;
  #hasRevoked = false;

  /** @param name of the instance; none of the unnamed one */
  constructor(options: ResolvedCoinflowAuthOptions, name?: string) {
    this.#options = options;
    this.#client = new CoinflowClient(options);
    this.#sessions = new SessionParts(this.#client, options);
    this.#issuer = new SessionKeyIssuer(this.#client, this.#sessions, options);
    this.decisions = new DecisionLog(name);
    this.vary = varyOf(options.extractor);
    this.#name = name;
    if (options.sealKeys.length === 0) this.#logger.warn(NO_SEAL_KEYS);
  }

  /**
   * Asks Coinflow for the message that a wallet signs to show that it is the user's. It is good once, and not for long.
   * Strangers can cause this call: give `rateLimitClient`, so that one of them cannot spend the wallet logins of all others.
   * @returns the `message` to sign, and on some chains a `transaction` that says the same
   * @throws {CoinflowInvalidArgumentError} when the wallet cannot be one of that chain, or Coinflow does not know it
   * @throws {CoinflowUnavailableError | CoinflowBudgetExhaustedError} when Coinflow cannot answer now, or the option
   * `budget.walletLogins` is spent
   * @throws {CoinflowTooManyRequestsError} when the client has made `budget.walletLoginsPerClient` calls in this minute
   * @example
   * await coinflow.getMessage({ wallet, blockchain: 'solana' }, { rateLimitClient: request.ip });
   */
  async getMessage(
    { wallet, blockchain }: SessionKeyWallet,
    { rateLimitClient }: WalletLoginOptions = {},
  ): Promise<MessageToSign> {
    const subject = checkWallet(wallet, blockchain);
    try {
      return await this.#sessions.budget.runWalletLogin(rateLimitClient, () =>
        this.#client.getMessage(subject.wallet, subject.blockchain),
      );
    } catch (error) {
      throw this.#errors.report(error);
    }
  }

  /**
   * Creates a session key for a user or a wallet that the application itself has logged in: your API key vouches for it.
   * Take the user from your own login, never from a body or query. What a client sends belongs to
   * {@link createSessionKeyWithSignature}.
   *
   * The key is known to be valid from then on. A later call for the same user at the same address gets it again until
   * shortly before it expires. After `revokeSubject` this waits, for 3 s at most, until Coinflow creates keys that the
   * revocation does not cover.
   * @throws {CoinflowInvalidArgumentError} when the subject has another property than `userId`, or `wallet` and `blockchain`
   * (also one that is `undefined`), or an argument cannot be sent; nothing was sent
   * @throws {CoinflowIssuanceDeniedError} when Coinflow creates no key for this user
   * @throws {CoinflowMisconfiguredError} when Coinflow rejects the API key, or it is another merchant's
   * @throws {CoinflowUnavailableError | CoinflowBudgetExhaustedError} when Coinflow cannot answer now
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
   * Creates a session key for a wallet that has signed the message of {@link getMessage}. It takes what a client sends, and
   * never sends the API key: the signature alone decides. A signature is good once, so the key is not reused. Strangers can
   * cause this call: give `rateLimitClient`.
   * @throws {CoinflowInvalidArgumentError} when `wallet`, `blockchain` or `signedMessage` is missing or cannot be sent; nothing was sent
   * @throws {CoinflowSignatureRejectedError} when Coinflow does not accept the signature
   * @throws {CoinflowIssuanceDeniedError} when Coinflow creates no key for this wallet
   * @throws {CoinflowMisconfiguredError} when the key that Coinflow created is another merchant's
   * @throws {CoinflowUnavailableError | CoinflowBudgetExhaustedError} when Coinflow cannot answer now, or the option
   * `budget.walletLogins` is spent
   * @throws {CoinflowTooManyRequestsError} when the client has made `budget.walletLoginsPerClient` calls in this minute
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
   * Decides about a session key, plain or attested.
   * @returns the session, proven to be this merchant's
   * @throws {CoinflowSessionKeyMissingError | CoinflowSessionKeyMalformedError | CoinflowSessionKeyExpiredError | CoinflowSessionWrongMerchantError | CoinflowSessionRejectedError | CoinflowSessionRevokedError}
   * when the key lets nobody in
   * @throws {CoinflowUnavailableError | CoinflowBudgetExhaustedError | CoinflowMisconfiguredError} when nobody can tell now: never take it for a refusal
   * @throws {CoinflowTooManyRequestsError} when the client, or the user, has made too many calls necessary
   */
  async verifySessionKey(
    key: string,
    { maxAgeMs = Infinity, rateLimitClient }: VerifySessionKeyOptions = {},
  ): Promise<CoinflowSession> {
    if (!isMaxAge(maxAgeMs)) throw new CoinflowInvalidArgumentError('maxAgeMs', MAX_AGE_RULE);
    return this.#counted((trace) => this.authenticate(key, { maxAgeMs, rateLimitClient }, trace));
  }

  /**
   * Authenticates a request as `CoinflowAuthGuard` does, for a guard of your own that also accepts other credentials. It
   * writes no header, attaches nothing to the request, and returns the errors of this package instead of throwing them.
   *
   * To refuse the request, throw the `error`: it becomes the HTTP answer with its status and headers. Never replace it by
   * a 401 of your own: in an outage it is a {@link CoinflowUnavailableError} (503).
   * @param policy as in `@CoinflowAuth({ ... })`, without `instance`, which is that of the service
   * @returns the session or the error; the error of a request without a session key is `COINFLOW_SESSION_KEY_MISSING`
   * @throws {CoinflowInvalidArgumentError} when the policy is invalid: a mistake in your code, so it is not returned
   * @example
   * const { session, error } = await coinflow.authenticateRequest(request, { subject: 'user' });
   */
  async authenticateRequest(
    request: RequestWithHeaders,
    policy: Omit<CoinflowRoutePolicy, 'instance'> = {},
  ): Promise<CoinflowRequestResult> {
    const problem = policyProblem(policy) ?? ('instance' in policy ? 'instance is that of the service' : undefined);
    if (problem !== undefined) throw new CoinflowInvalidArgumentError('policy', `must be valid: ${problem}`);
    try {
      const session = await this.#counted(async (trace) => {
        const key = this.extractSessionKey(request) ?? '';
        const verified = await this.authenticate(key, policy, trace, request);
        assertSubjectAllowed(verified.subject, policy);
        return verified;
      });
      return { session };
    } catch (error) {
      if (isCoinflowAuthError(error)) return { error };
      throw error;
    }
  }

  /**
   * As {@link verifySessionKey}, for guards: what memory or our tag knows is answered, or thrown, at once and without a
   * promise. The guard has the last word, and counts the decision when it has spoken: see {@link decisions}.
   * @param trace told what the decision rests on
   * @param caller the request, or the client that sent the key; looked at only if Coinflow must be asked
   */
  authenticate(
    key: string,
    { maxAgeMs = Infinity, rateLimitClient }: VerifySessionKeyOptions = {},
    trace?: DecisionTrace,
    caller: RequestWithHeaders | string | undefined = rateLimitClient,
  ): CoinflowSession | Promise<CoinflowSession> {
    assertText(key);
    try {
      const decision = this.#sessions.verifier.verify(key, maxAgeMs, trace, caller);
      return decision instanceof Promise ? decision.catch((error: unknown) => this.#rethrow(error)) : decision;
    } catch (error) {
      return this.#rethrow(error);
    }
  }

  /**
   * Ends one session: the key, plain or attested, is refused from now on until it expires. For logging out.
   * @returns whether other processes learn of it
   * @throws {CoinflowSessionKeyMissingError | CoinflowSessionKeyMalformedError} when it is not a session key
   */
  async revokeSessionKey(key: string): Promise<CoinflowRevocation> {
    assertText(key);
    return this.#revoked(this.#sessions.revoker.revokeKey(key));
  }

  /**
   * Ends all sessions of a payer: every key that Coinflow has made for it until now is refused. For logging out
   * everywhere, a changed password, a stolen device. `createSessionKey` obtains the payer's next session.
   * @returns whether other processes learn of it
   * @throws {CoinflowInvalidArgumentError} when it names nobody
   */
  async revokeSubject(subject: SubjectToRevoke): Promise<CoinflowRevocation> {
    return this.#revoked(this.#sessions.revoker.revokeSubject(checkSubjectToRevoke(subject)));
  }

  /** What this instance has done since the process started, and what it remembers: plain JSON. */
  metrics(): CoinflowAuthMetrics {
    const { memory, revocations, shared, sharedRevocations, budget } = this.#sessions;
    return {
      decisions: this.decisions.summary(),
      issuance: this.#issuer.statistics,
      cache: { ...memory.size, ...revocations.size },
      budget: budget.metrics,
      sharedStore: shared ? { ...shared.statistics, revocationsKnown: sharedRevocations?.isInformed ?? null } : null,
      upstream: this.#client.statistics(),
      clockSkewMs: shownSkew(this.#client.clock.skewMs),
    };
  }

  /**
   * Tells of each decision, as it is made: for audit logs. Called before the answer leaves, so it should be quick.
   * @returns what ends it
   */
  onDecision(listener: CoinflowDecisionListener): () => void {
    return this.decisions.listen(listener);
  }

  /**
   * The one session key that a request carries, not yet looked at; `undefined` when it carries none. For guards.
   * @throws {CoinflowSessionKeyMalformedError} when it carries two different ones
   * @throws {CoinflowCrossSiteError} when it is in a cookie that another site made the browser send
   * @throws {CoinflowMisconfiguredError} when the option `extractor` answers with a promise, or with what is no list
   */
  extractSessionKey(request: RequestWithHeaders): string | undefined {
    try {
      return extractSessionKey(this.#options.extractor, request);
    } catch (error) {
      return this.#rethrow(error);
    }
  }

  /** The schemes that a refusal asks for in `WWW-Authenticate`. For guards. */
  get schemes(): readonly AuthenticationScheme[] {
    return this.#options.extractor.schemes;
  }

  /** By now an SDK of OpenTelemetry that the application has set up is there. */
  async onApplicationBootstrap(): Promise<void> {
    const { sharedRevocations } = this.#sessions;
    if (sharedRevocations && !(await inTime(sharedRevocations.open(), STORE_OPEN_MS)))
      this.#logger.warn(REVOCATIONS_UNKNOWN);
    const { counts } = this.decisions;
    this.#stopObserving = observeInstance({ name: this.#name, counts, read: () => this.metrics() });
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stopObserving();
    this.#client.close();
    this.#sessions.sharedRevocations?.close();
    await inTime(Promise.resolve(this.#options.store?.close?.()), STORE_TIMEOUT_MS);
  }

  async #create(request: IssuanceRequest, options: IssuanceOptions): Promise<CoinflowSession> {
    const { clientIp } = options;
    if (clientIp !== undefined && !isIP(clientIp)) {
      throw new CoinflowInvalidArgumentError('clientIp', 'must be an IPv4 or IPv6 address');
    }
    try {
      return await this.#issuer.issue(request, options);
    } catch (error) {
      throw this.#errors.report(error);
    }
  }

  /** Counts a decision that no guard counts. */
  async #counted(
    decide: (trace: DecisionTrace) => CoinflowSession | Promise<CoinflowSession>,
  ): Promise<CoinflowSession> {
    const trace = newTrace();
    try {
      const session = await decide(trace);
      this.decisions.accepted(trace.decidedBy, session);
      return session;
    } catch (error) {
      if (isCoinflowAuthError(error)) this.decisions.rejected(trace.decidedBy, error);
      throw error;
    }
  }

  #rethrow(error: unknown): never {
    throw this.#errors.report(error);
  }

  async #revoked(telling: Promise<boolean>): Promise<CoinflowRevocation> {
    const shared = (await inTime(telling, STORE_TIMEOUT_MS))?.value ?? false;
    if (!this.#hasRevoked && !this.#sessions.sharedRevocations) this.#logger.warn(REVOKED_HERE_ONLY);
    this.#hasRevoked = true;
    return { shared };
  }
}

/** A `Date` has whole seconds: a difference below one is not a fault of this machine's clock. */
function shownSkew(skewMs: number | undefined): number | null {
  if (skewMs === undefined) return null;
  return Math.abs(skewMs) < 1_000 ? 0 : Math.round(skewMs);
}

/** From JavaScript it may be anything. */
function assertText(key: unknown): asserts key is string {
  if (!key) throw new CoinflowSessionKeyMissingError();
  if (typeof key === 'string') return;
  throw new CoinflowSessionKeyMalformedError('The session key is not a string', { reason: 'not-a-string' });
}
