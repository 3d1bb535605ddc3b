import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { SessionKeyExtractor } from '../extraction/session-key-extractor.js';
import type { CoinflowEnv } from './base-url.js';
import type { CoinflowBudgetOptions } from './budget-options.js';
import type { CoinflowSharedStore } from './stores.js';
import type { CoinflowWebhookOptions } from './webhook-options.js';

/** The options of the session cache. */
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

/** The options of calls to Coinflow. */
export interface CoinflowHttpOptions {
  /**
   * The time limit of one call to Coinflow, in milliseconds. It includes retries, the waits between them, reading the response,
   * and a function given as `apiKey`. A call that exceeds it is answered 503; the session key is not rejected.
   * @default 5_000
   */
  timeoutMs?: number;
  /**
   * How often a call is retried after a connection error or a 502, 503 or 504. Each retry waits for a short random time, or for
   * `Retry-After`, and only within `timeoutMs`. Other responses are not retried, and neither is a signed message, which is valid
   * once. More retries bridge longer outages, but add load to Coinflow.
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

/** The options of `CoinflowAuthModule.forRoot()`. Unknown options are rejected. */
export interface CoinflowAuthModuleOptions {
  /**
   * The Coinflow environment. `sandbox` and `prod` have separate accounts and separate API keys.
   * @see https://docs.coinflow.cash
   */
  env: CoinflowEnv;
  /**
   * The merchant's secret API key from the Coinflow dashboard, or a function that returns it. The function is called for each
   * new session key, so that the key can be rotated without a restart; `http.timeoutMs` includes its time. The key is sent to
   * Get Session Key only.
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
  /**
   * Webhooks: how they are verified and how duplicates are detected.
   * @default webhooks are off; an application with a `@CoinflowWebhook()` route does not start
   */
  webhook?: CoinflowWebhookOptions;
}
