import type { AnyCoinflowAuthError } from './errors/coinflow-auth.errors.js';
import type { CoinflowRoutePolicy } from './options/route-policy.js';
import type { CoinflowSession } from './session/coinflow-session.js';

/**
 * The options of `createSessionKey()`, beside the user or wallet.
 *
 * @inline
 */
export interface CreateSessionKeyOptions {
  /** The end user's IP address. Coinflow's fraud checks then see the user's address and not that of this server. */
  clientIp?: string;
  /**
   * Creates a session key for this call alone: it is not shared with concurrent calls, and not reused by a later one.
   * Logging out on one device (`revokeSessionKey`) then leaves the user's other devices signed in.
   * @default false
   */
  fresh?: boolean;
}

/**
 * The options of a wallet login.
 *
 * @inline
 */
export interface WalletLoginOptions {
  /**
   * The client that logs in: its IP address (an IPv6 address counts by its /64), or any other text that tells clients apart.
   * The limit `budget.walletLoginsPerClient` applies to it.
   * @default the limit per client does not apply
   */
  rateLimitClient?: string | undefined;
}

/**
 * The options of `verifySessionKey()`.
 *
 * @inline
 */
export interface VerifySessionKeyOptions {
  /**
   * How old the verification may be, in milliseconds. With 0, Coinflow is asked every time (a key that Coinflow has rejected
   * stays rejected for 30 s). An attested key counts as verified when it was created.
   * @default as old as the option `cache.ttlMs` allows
   */
  maxAgeMs?: number;
  /**
   * The client that sent the key, if no guard has seen the request: its IP address, or any other text that tells clients
   * apart. The limits per client of the option `budget` apply to it ({@link CoinflowTooManyRequestsError}).
   * @default the limits per client do not apply
   */
  rateLimitClient?: string;
}

/**
 * What `authenticateRequest()` requires: the policy of a route, without `instance`, which is that of the service.
 *
 * @inline
 */
export interface CoinflowRequestPolicy extends Omit<CoinflowRoutePolicy, 'instance'> {
  /**
   * `optional` also accepts requests without a session key, as `@CoinflowOptional()` does: the result then has neither a session nor
   * an error.
   * @default 'required'
   */
  access?: 'required' | 'optional';
}

/**
 * The options of `authenticateRequest()`, beside the policy.
 *
 * @inline
 */
export interface AuthenticateRequestOptions {
  /**
   * The session key, if it is not where the option `extractor` looks, for example in the first message of a connection. The
   * extractor then does not run. An empty text is no key.
   * @default the session key that the option `extractor` finds in the request
   */
  sessionKey?: string | undefined;
}

/** The result of `authenticateRequest()`: the session of the request, or the reason why it has none. */
export type CoinflowRequestResult =
  | { readonly session: CoinflowSession; readonly error?: undefined }
  | { readonly session?: undefined; readonly error: AnyCoinflowAuthError };

/** The result of `authenticateRequest()` with `access: 'optional'` for a request without a session key. */
export interface CoinflowAnonymousResult {
  readonly session?: undefined;
  readonly error?: undefined;
}

/** The result of a revocation. It takes effect in this replica in any case. */
export interface CoinflowRevocation {
  /**
   * Whether the other replicas are notified now. It is `false` without `redisSharedStore()`, and while Redis cannot be
   * reached: then the replicas are notified as soon as it can.
   */
  readonly shared: boolean;
}
