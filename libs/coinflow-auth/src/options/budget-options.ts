import type { RequestWithHeaders } from '../extraction/session-key-extractor.js';

const DEFAULTS = {
  verificationsPerMinute: 60,
  revalidationsPerSubject: 10,
  rejectionsPerClient: 10,
  newKeysPerClient: 14,
  walletLogins: 20,
  walletLoginsPerClient: 5,
};

/**
 * How many calls Coinflow gets in a minute, and for whom. Coinflow grants few, and anybody can send what looks like a session
 * key. Keys that this application created or attested, and keys in a cache, need no call.
 */
export interface CoinflowBudgetOptions {
  /**
   * How many calls of Verify Token one process makes in a minute at most, or all replicas together where the shared store
   * counts them; beyond it, a request that needs one is answered 503. Keep the sum of all replicas, with `walletLogins`, below
   * what Coinflow grants: its 429 stops the calls for everybody.
   * @default 60
   */
  verificationsPerMinute?: number;
  /**
   * How many of them are reserved for known keys: those that were verified or attested before, and whose verification has
   * expired or was withdrawn. Users who were here before do not notice a flood of invalid keys. They also get what the others
   * have left. One client gets half of `verificationsPerMinute` for them.
   * @default half of `verificationsPerMinute`
   */
  reservedForKnownKeys?: number;
  /**
   * How many of them are for revalidations, which a route's `maxAgeMs` demands while the verification still stands. One client
   * gets half of them, and at least `revalidationsPerSubject`. What is neither reserved nor for revalidations is for new keys.
   * @default a quarter of `verificationsPerMinute`
   */
  revalidations?: number;
  /**
   * How many calls the known keys of one user can cause in a minute, revalidations among them, however many keys the user has;
   * beyond it 429. Without a limit one user could spend the calls of all others.
   * @default 10
   */
  revalidationsPerSubject?: number;
  /**
   * How many new keys of one client are verified in a minute, valid ones among them; beyond it 429. It stops a client that
   * signs in with throw-away wallets. `false`: no limit.
   * @default the larger of 14 and half of the share of new keys
   */
  newKeysPerClient?: number | false;
  /**
   * How many session keys of one client Coinflow may reject in a minute; beyond it, new keys of that client are answered 429
   * without a call. It is also how many new keys of one client are verified at the same time. 0 or `false`: no limit, and one
   * client can spend all calls for new keys.
   * @default 10
   */
  rejectionsPerClient?: number | false;
  /**
   * How many calls wallet logins make in a minute: `getMessage` and `createSessionKeyWithSignature`, which are open to
   * strangers and share Coinflow's limit with Verify Token; beyond it 503. One login takes two.
   * @default 20
   */
  walletLogins?: number;
  /**
   * How many of them one client makes, counted by the option `rateLimitClient` of both methods; beyond it 429.
   * @default 5
   */
  walletLoginsPerClient?: number;
  /**
   * Which client a request comes from, for the limits per client: an address (of IPv6, its /64 counts), or any other text;
   * `undefined` for a request that is not to be counted. It must be synchronous. A client that can choose what it returns is
   * never limited.
   * @default the client's address as the adapter sees it behind its `trust proxy`
   */
  getClient?(this: void, request: RequestWithHeaders): string | undefined;
}

/** The options as the rest of the code reads them. */
export interface ResolvedBudgetOptions {
  readonly reservedForKnownKeys: number;
  readonly revalidations: number;
  /** What is left for keys that are new here. */
  readonly newKeys: number;
  readonly revalidationsPerSubject: number;
  readonly revalidationsPerClient: number;
  readonly knownKeysPerClient: number;
  /** 0: no limit. */
  readonly newKeysPerClient: number;
  /** 0: no limit. */
  readonly rejectionsPerClient: number;
  readonly walletLogins: number;
  readonly walletLoginsPerClient: number;
  readonly getClient: CoinflowBudgetOptions['getClient'];
}

/** Fills in the defaults; the options are checked before. */
export function resolveBudgetOptions(options: CoinflowBudgetOptions = {}): ResolvedBudgetOptions {
  const { total, ...each } = shares(options);
  const revalidationsPerSubject = options.revalidationsPerSubject ?? DEFAULTS.revalidationsPerSubject;
  const newKeysPerClient = Math.max(DEFAULTS.newKeysPerClient, half(each.newKeys));
  return Object.freeze({
    ...each,
    revalidationsPerSubject,
    revalidationsPerClient: Math.max(revalidationsPerSubject, half(each.revalidations)),
    knownKeysPerClient: half(total),
    newKeysPerClient: Number(options.newKeysPerClient ?? newKeysPerClient),
    rejectionsPerClient: Number(options.rejectionsPerClient ?? DEFAULTS.rejectionsPerClient),
    walletLogins: options.walletLogins ?? DEFAULTS.walletLogins,
    walletLoginsPerClient: options.walletLoginsPerClient ?? DEFAULTS.walletLoginsPerClient,
    getClient: options.getClient,
  });
}

/** Whether the shares leave something for keys that are new here: otherwise no key could become known. */
export function leavesNewKeys(options: CoinflowBudgetOptions): boolean {
  return shares(options).newKeys >= 1;
}

function shares(
  options: CoinflowBudgetOptions,
): Record<'total' | 'reservedForKnownKeys' | 'revalidations' | 'newKeys', number> {
  const total = options.verificationsPerMinute ?? DEFAULTS.verificationsPerMinute;
  const reservedForKnownKeys = options.reservedForKnownKeys ?? half(total);
  const revalidations = options.revalidations ?? Math.floor(total / 4);
  return { total, reservedForKnownKeys, revalidations, newKeys: total - reservedForKnownKeys - revalidations };
}

function half(calls: number): number {
  return Math.floor(calls / 2);
}
