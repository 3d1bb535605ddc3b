import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { SessionKeyExtractor } from '../extraction/session-key-extractor.js';
import type { CoinflowEnv } from './base-url.js';
import type { CoinflowBudgetOptions } from './budget-options.js';
import type { CoinflowSharedStore } from './shared-store.js';
import type { CoinflowWebhookOptions } from './webhook-options.js';

/** How long, and how many, sessions are remembered. */
export interface CoinflowCacheOptions {
  /**
   * For how many milliseconds Coinflow's yes to a session key holds before it is asked again (±10 %, so that keys proven
   * together do not lapse together). A longer time means fewer calls, and a later notice of what Coinflow blocks.
   * Never longer than the session key itself.
   * @default 3_600_000 (1 hour)
   */
  ttlMs?: number;
  /**
   * For how many milliseconds beyond `ttlMs` a session that was proven by asking still counts while Coinflow cannot be
   * asked: an outage then does not reach users who were here before, and what Coinflow blocks meanwhile stays in. Never
   * past the session key's expiry, a route's `maxAgeMs` or a revocation.
   * @default 0
   */
  staleIfErrorMs?: number;
  /**
   * How many proven sessions are remembered; the least recently used is forgotten first, and asked about again.
   * @default 100_000
   */
  maxEntries?: number;
}

/** How Coinflow is called. */
export interface CoinflowHttpOptions {
  /**
   * After how many milliseconds a call is given up, everything included: a function given as `apiKey`, attempts, waits
   * between them, and reading the answer. Given up means 503, never a refusal.
   * @default 5_000
   */
  timeoutMs?: number;
  /**
   * How often a call that got no answer (connection error, 502, 503, 504) is repeated, after a short random wait or
   * `Retry-After`, and only within `timeoutMs`. An answer is never repeated, and neither is a signed message, which is
   * good once. More repeats ride out longer disturbances, and add to the load of a Coinflow that is in trouble.
   * @default 2
   */
  retries?: number;
  /**
   * The agent that connects, for instance one that goes through your company's proxy (proxies in environment variables
   * are not followed). Yours to close.
   * @default an agent that keeps connections alive, closed with the application
   */
  agent?: HttpAgent | HttpsAgent;
}

/** The options of `CoinflowAuthModule.forRoot()`. Unknown options are mistakes. */
export interface CoinflowAuthModuleOptions {
  /**
   * Which Coinflow. `sandbox` and `prod` are separate: separate accounts, separate API keys.
   * @see https://docs.coinflow.cash
   */
  env: CoinflowEnv;
  /**
   * The merchant's secret API key, from the Coinflow dashboard, or a function that gives the current one: called for each
   * new session key, so that the key can be rotated without a restart. `http.timeoutMs` includes the time that the function
   * takes. It is sent to Get Session Key and to nothing else.
   */
  apiKey: string | (() => string | Promise<string>);
  /**
   * The merchant's id, as in the Coinflow dashboard. Session keys of every other merchant are refused: Coinflow itself
   * calls them valid, and another merchant can mint one under any user id of its choice.
   */
  merchantId: string;
  /**
   * Where the API is, if not where `env` says: a proxy of yours, or an emulator.
   * @default the URL of `env`
   */
  baseUrl?: string;
  /**
   * Lets the `baseUrl` be plain `http://` beyond this machine. Whoever can read that network then reads the API key.
   * @default false
   */
  allowPlainHttp?: boolean;
  /**
   * Accepts session keys that say nothing of whose they are (opaque, or without merchant, user or expiry) if Coinflow
   * calls them valid. Any merchant of Coinflow can make such a key: only for a Coinflow account whose keys are all so.
   * @default false
   */
  acceptUnboundKeys?: boolean;
  /**
   * Secrets of this application's own, 32 random bytes in base64 each (`openssl rand -base64 32`), the same on all
   * instances: with them the module tags session keys that it obtained, and recognises them without asking Coinflow.
   * Newest first; to rotate, append the new one everywhere, deploy, then move it to the front.
   * @default derived from `apiKey` in `sandbox` and `local`; elsewhere none, so that there is no `attestedKey`
   */
  sealKeys?: readonly string[];
  /**
   * Where a request carries its session key: one of `SessionKeyExtractors`, or your own.
   * @default SessionKeyExtractors.fromHeader()
   */
  extractor?: SessionKeyExtractor;
  /** How long, and how many, sessions are remembered. */
  cache?: CoinflowCacheOptions;
  /**
   * What the replicas of the application share: `redisSharedStore()` of `nestjs-coinflow-auth/redis`, or any Keyv. Replicas then
   * share verified sessions and reuse each other's session keys. `redisSharedStore()` also shares revocations, rejections and
   * the budget. Values are sealed with `sealKeys`, which it requires. While the store is unreachable, each replica uses its own
   * cache.
   * @default none: each replica has its own cache
   */
  store?: CoinflowSharedStore;
  /** How Coinflow is called. */
  http?: CoinflowHttpOptions;
  /** How many calls of Verify Token are made, so that junk cannot spend those of users. */
  budget?: CoinflowBudgetOptions;
  /**
   * How webhooks are believed, and how their deliveries are remembered.
   * @default webhooks are off; a route with `@CoinflowWebhook()` does not start
   */
  webhook?: CoinflowWebhookOptions;
}
