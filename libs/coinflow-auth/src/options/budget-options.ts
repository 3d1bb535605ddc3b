import type { RequestWithHeaders } from '../extraction/session-key-extractor.js';

export const DEFAULT_VERIFICATIONS_PER_MINUTE = 60;
/** How many calls the known keys of one user can cause in a minute, whatever the options are. */
const REVALIDATIONS_PER_SUBJECT = 10;
/** The smallest default of `newKeysPerClient`. */
const MIN_NEW_KEYS_PER_CLIENT = 14;

/**
 * The rate budget: how many calls Coinflow receives in a minute, and for which clients and users. Coinflow allows few calls, and
 * anybody can send invalid session keys. Keys that this application created or attested, and cached keys, need no call.
 */
export interface CoinflowBudgetOptions {
  /**
   * How many calls of Verify Token one replica makes in a minute at most, or all replicas together with a shared store. Beyond
   * it, a request that needs a call is answered 503. Keep the sum of all replicas, with `walletLogins`, below what Coinflow
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
   * How many new keys of one client are verified in a minute, valid ones among them. Beyond it, they are answered 429. It stops
   * a client that signs in with many new wallets. 0 means no limit.
   * @default the larger of 14 and half of the share of new keys
   */
  newKeysPerClient?: number;
  /**
   * How many session keys of one client Coinflow may reject in a minute. Beyond it, new keys of that client are answered 429
   * without a call. It is also how many new keys of one client are verified at the same time. 0 means no limit: one client can
   * then use up all calls for new keys.
   * @default 10
   */
  rejectionsPerClient?: number;
  /**
   * How many calls wallet logins make in a minute. These are `getMessage` and `createSessionKeyWithSignature`, which anybody can
   * call and which share Coinflow's limit with Verify Token. Beyond it, they are answered 503. One login takes two calls.
   * @default 20
   */
  walletLogins?: number;
  /**
   * How many calls for wallet logins one client makes in a minute. The option `rateLimitClient` of both methods names the
   * client. Beyond it, the client is answered 429.
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

/** The options with their defaults. */
export type CompleteBudgetOptions = Readonly<Required<Omit<CoinflowBudgetOptions, 'getClient'>>> &
  Readonly<Pick<CoinflowBudgetOptions, 'getClient'>>;

/** The options as the rest of the code reads them. A limit per client of 0 means no limit. */
export interface ResolvedBudgetOptions extends CompleteBudgetOptions {
  readonly reservedForKnownKeys: number;
  /** The calls that are neither reserved for known keys nor for revalidations. */
  readonly newKeys: number;
  readonly revalidationsPerSubject: number;
  readonly revalidationsPerClient: number;
  readonly knownKeysPerClient: number;
}

export function resolveBudgetOptions(options: CompleteBudgetOptions): ResolvedBudgetOptions {
  const { verificationsPerMinute, revalidations } = options;
  return Object.freeze({
    ...options,
    reservedForKnownKeys: half(verificationsPerMinute),
    newKeys: newKeysShare(options),
    revalidationsPerSubject: REVALIDATIONS_PER_SUBJECT,
    revalidationsPerClient: Math.max(REVALIDATIONS_PER_SUBJECT, half(revalidations)),
    knownKeysPerClient: half(verificationsPerMinute),
  });
}

type SharedOut = Pick<CompleteBudgetOptions, 'verificationsPerMinute' | 'revalidations'>;

/** How many calls are for new keys. Without any, no key could become known. */
export function newKeysShare({ verificationsPerMinute, revalidations }: SharedOut): number {
  return verificationsPerMinute - half(verificationsPerMinute) - revalidations;
}

export function defaultNewKeysPerClient(options: SharedOut): number {
  return Math.max(MIN_NEW_KEYS_PER_CLIENT, half(newKeysShare(options)));
}

function half(calls: number): number {
  return Math.floor(calls / 2);
}
