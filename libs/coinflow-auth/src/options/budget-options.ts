import type { RequestWithHeaders } from '../extraction/session-key-extractor.js';

const DEFAULTS = { verificationsPerMinute: 60, forcedChecksPerKey: 10, refusalsPerSource: 10 };

/**
 * How many calls of Verify Token are made in a minute, and by whom. Coinflow grants few, and anybody can send texts that
 * look like session keys. Keys that this application obtained or tagged, and keys that are remembered, need none of it.
 */
export interface CoinflowBudgetOptions {
  /**
   * How many calls of Verify Token one process makes in a minute at most; beyond it, what needs one is answered 503. Keep
   * the sum of all instances below what Coinflow grants: its 429 stops the calls of everybody, and so of your payers.
   * @default 60
   */
  verificationsPerMinute?: number;
  /**
   * How many of them only session keys get that were proven before and whose proof has lapsed: payers who were here do not
   * notice a flood of junk. They also get what the others have left.
   * @default half of `verificationsPerMinute`
   */
  reservedForProven?: number;
  /**
   * How many of them checks get that a `maxAgeMs` forces while the proof still holds: without a bound, logged-in users
   * could spend everybody's calls. What is neither reserved nor for these is for keys that are new here.
   * @default a quarter of `verificationsPerMinute`
   */
  forcedChecks?: number;
  /**
   * How many such checks one session key can force in a minute; beyond it 429, so that no logged-in user spends those of
   * all others.
   * @default 10
   */
  forcedChecksPerKey?: number;
  /**
   * How many session keys of one source Coinflow may refuse in a minute; beyond it, new keys of that source are answered
   * 429 without a call. 0 or `false`: sources are not told apart, and one of them can spend all calls for new keys.
   * @default 10
   */
  refusalsPerSource?: number | false;
  /**
   * Where a request comes from, for `refusalsPerSource`: an address (of IPv6, its /64 counts), or any other text;
   * `undefined` for a request that is not to be counted. Whoever can choose what it returns is never stopped.
   * @default the client's address as the adapter sees it behind its `trust proxy`
   */
  source?(this: void, request: RequestWithHeaders): string | undefined;
}

/** The options as the rest of the code reads them. */
export interface ResolvedBudgetOptions {
  readonly reservedForProven: number;
  readonly forcedChecks: number;
  /** What is left for keys that are new here. */
  readonly newKeys: number;
  readonly forcedChecksPerKey: number;
  /** 0: sources are not told apart. */
  readonly refusalsPerSource: number;
  readonly source: CoinflowBudgetOptions['source'];
}

/** Fills in the defaults; the options are checked before. */
export function resolveBudgetOptions(options: CoinflowBudgetOptions = {}): ResolvedBudgetOptions {
  const { forcedChecksPerKey, refusalsPerSource } = options;
  return Object.freeze({
    ...shares(options),
    forcedChecksPerKey: forcedChecksPerKey ?? DEFAULTS.forcedChecksPerKey,
    refusalsPerSource: Number(refusalsPerSource ?? DEFAULTS.refusalsPerSource),
    source: options.source,
  });
}

/** Whether the shares leave something for keys that are new here: otherwise nobody could become known. */
export function leavesNewKeys(options: CoinflowBudgetOptions): boolean {
  return shares(options).newKeys >= 1;
}

function shares(options: CoinflowBudgetOptions): Record<'reservedForProven' | 'forcedChecks' | 'newKeys', number> {
  const total = options.verificationsPerMinute ?? DEFAULTS.verificationsPerMinute;
  const reservedForProven = options.reservedForProven ?? Math.floor(total / 2);
  const forcedChecks = options.forcedChecks ?? Math.floor(total / 4);
  return { reservedForProven, forcedChecks, newKeys: total - reservedForProven - forcedChecks };
}
