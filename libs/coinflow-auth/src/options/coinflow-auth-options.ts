import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { RequestWithHeaders, SessionKeyExtractor } from '../extraction/session-key-extractor.js';
import type { CoinflowSession } from '../session/coinflow-session.js';
import type { CoinflowEnv } from './base-url.js';
import type { CoinflowContext } from './context-contracts.js';
import type { CoinflowSharedStore, DeliveryStore } from './store-contracts.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How long a delivery is remembered. Coinflow retries for 36 hours; one more hour is the margin. */
export const DELIVERY_RETENTION_MS = 37 * HOUR_MS;
/** How old a signature may be where no delivery is remembered. Also how far in the future it may be dated. */
export const SHORT_TOLERANCE_MS = 5 * MINUTE_MS;

/** The options of `CoinflowAuthModule.forRoot()`. Unknown options are rejected. */
export interface CoinflowAuthModuleOptions {
  /**
   * The Coinflow environment. `sandbox` and `prod` have separate accounts and separate API keys.
   * @see https://docs.coinflow.cash
   */
  env: CoinflowEnv;
  /**
   * The merchant's secret API key from the Coinflow dashboard, or a function that returns it. The function is called for each
   * new session key and each call of `CoinflowApi` that sends it, so that the key can be rotated without a restart. The time limit
   * of the call includes its time. Verify Token does not get the key.
   */
  apiKey: string | (() => string | Promise<string>);
  /**
   * The merchant's id, as in the Coinflow dashboard. Session keys of other merchants are rejected: Coinflow accepts them, and
   * another merchant can create one for any user id.
   */
  merchantId: string;
  /**
   * The base URL of the Coinflow API, for example of a gateway or an emulator.
   * @default the URL of `env`
   */
  baseUrl?: string;
  /**
   * Whether `baseUrl` may be `http://` for a host other than this machine. Anybody who can read that network can then read the
   * API key.
   * @default false
   */
  allowPlainHttp?: boolean;
  /**
   * Whether to accept session keys without a merchant, a user or an expiry, if Coinflow accepts them. Any merchant of Coinflow
   * can create such a key. Set it only for a Coinflow account whose session keys are all like that.
   * @default false
   */
  acceptUnboundKeys?: boolean;
  /**
   * Secrets of this application that attest its session keys and seal the shared store. Each is 32 random bytes in base64
   * (`openssl rand -base64 32`). Set the same list on all replicas, newest first. The module tags the session keys that it
   * creates, and then recognizes them without a call to Coinflow. To rotate, append the new secret and deploy, then move it to
   * the front and deploy again.
   * @default derived from `apiKey` in `sandbox` and `local`; otherwise none, and sessions have no `attestedKey`
   */
  sealKeys?: readonly string[];
  /**
   * Where a request carries its session key: one of `SessionKeyExtractors`, or your own extractor.
   * @default SessionKeyExtractors.fromHeader()
   */
  extractor?: SessionKeyExtractor;
  /**
   * Loads the application's own user of a session, for handlers with `@SessionUser()`. It is called once for a request, and only if a
   * handler asks. Its result may be a promise. `undefined` and `null` mean that there is no such user: the request gets a 403
   * (`COINFLOW_USER_NOT_FOUND`). What it throws is passed on as it is.
   * @default none: an application with `@SessionUser()` does not start
   * @example
   * loadUser: ({ subject }) => (subject?.kind === 'user' ? users.findOneBy({ id: subject.userId }) : null)
   */
  loadUser?: (this: void, session: CoinflowSession) => unknown;
  /**
   * Whether `CoinflowAuthService.currentSession()` returns the session of the request, in every service that a handler calls. It
   * uses `AsyncLocalStorage` and an interceptor, which take about 30 µs for each request. `@CurrentSession()` does not need it.
   * @default false
   */
  asyncContext?: boolean;
  /**
   * The contexts besides HTTP in which the guard runs, by the type that Nest gives them: `graphql`, `ws`, `rpc`, or the name that a
   * library uses. Each is an adapter, or `'skip'`: then the guard does not run for handlers without decorators of this package, so
   * that an `APP_GUARD` does not stop a message queue. In any other context the guard rejects every call, except of
   * `@CoinflowPublic()` handlers.
   * @default none: HTTP only
   * @example
   * contexts: { rmq: 'skip' }
   */
  contexts?: Readonly<Record<string, CoinflowContext>>;
  /**
   * Whether the application lists, at startup, the handlers that no guard of this package covers. These are routes, resolvers,
   * and handlers of gateways and microservices, without `@CoinflowPublic()`. `warn` logs the list as one warning. With `strict`
   * the application does not start. Of several named instances, the strictest value applies to the whole application.
   * @default 'off'
   */
  routeAudit?: 'off' | 'warn' | 'strict';
  /**
   * What the replicas of the application share: `redisSharedStore()` of `nestjs-coinflow-auth/redis`, or any Keyv. Replicas then
   * share verified sessions and reuse each other's session keys. `redisSharedStore()` also shares revocations, rejections and
   * the budget. Values are sealed with `sealKeys`, which it requires. While the store is unreachable, each replica uses its own
   * cache.
   * @default none: each replica has its own cache
   */
  store?: CoinflowSharedStore;
  /** The session cache. */
  cache?: CoinflowCacheOptions;
  /** Calls to Coinflow. */
  http?: CoinflowHttpOptions;
  /** The rate budget: how many calls Coinflow receives in a minute, and for which clients and users. */
  budget?: CoinflowBudgetOptions;
  /** Calls to the rest of Coinflow, which `CoinflowApi` makes. */
  api?: CoinflowApiOptions;
  /**
   * Webhooks: how they are verified and how duplicates are detected.
   * @default webhooks are off; an application with a `@CoinflowWebhook()` route does not start
   */
  webhook?: CoinflowWebhookOptions;
}

/**
 * The options of the session cache.
 *
 * @inline
 */
export interface CoinflowCacheOptions {
  /**
   * How long, in milliseconds, a verified session is cached before its key is verified again. Each entry lasts up to 10 % more
   * or less, so that keys verified together do not expire together. A longer time means fewer calls to Coinflow, but a session
   * that Coinflow blocks stays valid for longer. An entry never outlives the session key.
   * @default 3_600_000 (1 hour)
   */
  ttlMs?: number;
  /**
   * How long, in milliseconds beyond `ttlMs`, a cached session is accepted while Coinflow is unavailable. Users with a cached
   * session then do not notice an outage, but sessions that Coinflow blocks meanwhile stay valid. It never extends a session
   * beyond its key's expiry, a route's `maxAgeMs` or a revocation.
   * @default 0
   */
  staleIfErrorMs?: number;
  /**
   * How many verified sessions are cached at most. The least recently used entry is removed first; its key is verified again at
   * the next request.
   * @default 100_000
   */
  maxEntries?: number;
}

/**
 * The options of calls to Coinflow. `retries` and `agent` also apply to `CoinflowApi`.
 *
 * @inline
 */
export interface CoinflowHttpOptions {
  /**
   * The time limit of one call to Coinflow, in milliseconds. It includes retries, the waits between them, reading the response,
   * and a function given as `apiKey`. A call that exceeds it gets a 503; the session key is not rejected.
   * @default 5_000
   */
  timeoutMs?: number;
  /**
   * How often a call is retried after a connection error or a 502, 503 or 504. Each retry waits for a short random time, or for
   * `Retry-After`, and only within `timeoutMs`. Other responses are not retried, and neither is a signed message, which is valid
   * once. Of `CoinflowApi`, only `GET` and calls with an `idempotencyKey` are retried. More retries bridge longer outages, but add load to Coinflow.
   * @default 2
   */
  retries?: number;
  /**
   * The agent that connects to Coinflow, for example through a proxy. Proxies in environment variables are not used. The
   * application must close the agent.
   * @default an agent that keeps connections alive, closed with the application
   */
  agent?: HttpAgent | HttpsAgent;
}

/**
 * The rate budget: how many calls Coinflow receives in a minute, and for which clients and users. Coinflow allows few calls, and
 * anybody can send invalid session keys. Keys that this application created or attested, and cached keys, need no call.
 */
export interface CoinflowBudgetOptions {
  /**
   * How many calls of Verify Token one replica makes in a minute at most, or all replicas together with a shared store. Beyond
   * it, a request that needs a call gets a 503. Keep the sum of all replicas, with `walletLogins`, within what Coinflow
   * grants: its 429 stops the calls for everybody. Half of the calls are reserved for known keys: those that were verified or
   * attested before, so that a flood of invalid keys does not affect these users.
   * @default 60
   */
  verificationsPerMinute?: number;
  /**
   * How many of the calls are reserved for revalidations, which a route's `maxAgeMs` demands while a verification is valid. One
   * client gets half of them, and at least 10. What is left of `verificationsPerMinute` is for new keys: at least 1.
   * @default a quarter of `verificationsPerMinute`
   */
  revalidations?: number;
  /**
   * How many new keys of one client are verified in a minute, valid ones among them. Beyond it, they get a 429. It stops
   * a client that signs in with many new wallets. 0 means no limit.
   * @default the larger of 14 and half of the share of new keys
   */
  newKeysPerClient?: number;
  /**
   * How many session keys of one client Coinflow may reject in a minute. Beyond it, new keys of that client get a 429
   * without a call. It is also how many new keys of one client are verified at the same time. 0 means no limit: one client can
   * then use up all calls for new keys.
   * @default 10
   */
  rejectionsPerClient?: number;
  /**
   * How many calls wallet logins make in a minute. These are `getMessage` and `createSessionKeyWithSignature`, which anybody can
   * call and which share Coinflow's limit with Verify Token. Beyond it, they get a 503. One login takes two calls.
   * @default 20
   */
  walletLogins?: number;
  /**
   * How many calls for wallet logins one client makes in a minute. The option `rateLimitClient` of both methods names the
   * client. Beyond it, the client gets a 429.
   * @default 5
   */
  walletLoginsPerClient?: number;
  /**
   * A function that returns the client of a request, for the limits per client. It returns an address (of IPv6, its /64 counts),
   * any other string, or `undefined` for a request that is not counted. It must be synchronous. Do not return what a client can
   * choose: such a client is never limited.
   * @default the client's address as the adapter determines it with its `trust proxy`
   */
  getClient?(this: void, request: RequestWithHeaders): string | undefined;
}

/**
 * The options of `CoinflowApi`, which calls the rest of Coinflow.
 *
 * @inline
 */
export interface CoinflowApiOptions {
  /**
   * How many calls without the API key one replica makes in a minute at most, or all replicas together with a shared store. These
   * are calls with a session key, with a wallet's signature, or without credentials. Coinflow grants few of them, which Verify Token
   * shares. Beyond it, a call throws `COINFLOW_BUDGET_EXHAUSTED` (503). One user gets half of them.
   * @default 20
   */
  callsPerMinute?: number;
  /**
   * The time limit of one call, in milliseconds, which a call can override. It includes retries, reading the response, and a
   * function given as `apiKey`. A short limit makes more payments whose outcome is unknown.
   * @default 30_000
   */
  timeoutMs?: number;
  /**
   * Whether to reject a call of an operation, or with credentials, that Coinflow does not document.
   * Otherwise it is sent, and logged once for each operation: the document shows one way, and Coinflow may accept more.
   * @default false
   */
  strict?: boolean;
}

/**
 * One key to verify webhooks with, or several.
 *
 * @inline
 */
export type CoinflowWebhookKeys = string | readonly string[];

/** The options of webhooks: how they are verified and how duplicates are detected. */
export interface CoinflowWebhookOptions {
  /**
   * The Webhook Validation Key of the Coinflow dashboard, several during a rotation, or a function that returns them. One
   * matching key is enough. The function is called for each webhook: cache its result. It has four seconds; when it fails, the
   * webhook gets a 503. Anybody who has a key can forge every event.
   */
  keys: CoinflowWebhookKeys | (() => CoinflowWebhookKeys | Promise<CoinflowWebhookKeys>);
  /**
   * Whether to accept the webhook key in the `Authorization` header instead of a signature. The header does not protect the
   * body and is the same in every webhook: set this only if Coinflow does not sign yours. A signature that is present must be
   * valid in any case.
   * @default false
   */
  acceptAuthorization?: boolean;
  /**
   * The maximum age of a signature, in milliseconds. With less than 36 hours, retries of Coinflow after an outage can be
   * rejected, if it does not sign them again. The maximum is 37 hours: deliveries are remembered that long, and a later replay
   * would run again.
   * @default 37 hours; 5 minutes with `deliveries: false` and on routes with the guard alone
   */
  toleranceMs?: number;
  /**
   * A function that decides whether to run an event about another merchant. A parent merchant also receives the events of its
   * sub-merchants, which have user ids of their own: handlers must then check `event.merchantId`. `true` runs the event, any
   * other value acknowledges it without running it. The function may be asynchronous, has four seconds, and is called for each
   * delivery. When it throws, the webhook gets a 503. Events about sub-merchants themselves (`Sub-merchant ...`,
   * `Seller Blocked`) always run.
   * @default none: such an event gets a 503, so that Coinflow retries it for 36 hours, and logged once per merchant
   * @example
   * acceptMerchant: (merchantId) => subMerchants.has(merchantId)
   */
  acceptMerchant?: (merchantId: string) => boolean | Promise<boolean>;
  /**
   * The name of the consumer: the application, or the part of it, that handles these webhooks, such as `billing`. Coinflow sends
   * every event to every URL of a merchant. Consumers that share a store each run every event. All replicas of one application
   * have the same name. After a change of the name, events that Coinflow still retries run again.
   * @default none; required when `deliveries` is a store
   */
  consumer?: string;
  /**
   * Where deliveries are remembered for 37 hours, so that duplicates do not run. Use `redisDeliveryStore()` of
   * `nestjs-coinflow-auth/redis` for several replicas, or a store of your own; both require `consumer`. With `false` every
   * delivery runs.
   * @default the memory of this replica: the newest 100,000 deliveries, until a restart
   */
  deliveries?: DeliveryStore | false;
  /**
   * How long, in milliseconds, the shutdown of the application waits for deliveries that are running. New deliveries are
   * answered 503 meanwhile. A delivery that is still running afterwards loses its lease, and its event runs again.
   * @default 10_000
   */
  shutdownTimeoutMs?: number;
}
