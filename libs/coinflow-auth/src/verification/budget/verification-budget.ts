import {
  CoinflowRateLimitedError,
  CoinflowSessionRejectedError,
  isCoinflowAuthError,
} from '../../errors/coinflow-auth.errors.js';
import type { BudgetStore } from '../../options/budget-store.js';
import type { ResolvedCoinflowAuthOptions } from '../../options/resolve-options.js';
import type { CarefulStore } from '../shared/careful-store.js';
import { BudgetNames } from './budget-names.js';
import { BudgetStatistics, type CoinflowBudgetMetrics } from './budget-statistics.js';
import { CallShares } from './call-shares.js';
import { CallerLimits } from './caller-limits.js';
import { ProcessBudgetStore } from './process-budget-store.js';
import type { Caller } from './request-sources.js';
import { SharedBudgetStore } from './shared-budget-store.js';
import type { TakenSlot } from './taken-slot.js';
import { VERIFICATION_KINDS, type VerificationKind } from './verification-kind.js';

/** However long Coinflow asks to wait. */
const MAX_CLOSED_MS = 60_000;
const MAX_CALLERS = 10_000;
/** Why no call was made. */
const REASONS = new Set(['budget-spent', 'budget-closed', 'source-limited', 'key-limited']);

/** A call of Verify Token that somebody wishes for. */
export interface Verification {
  readonly kind: VerificationKind;
  /** The session key's. */
  readonly id: string;
  readonly caller: Caller;
}

/** Where slots are counted. Two places, so that however many callers there are, they push out no share. */
export interface BudgetStores {
  readonly shares: BudgetStore;
  readonly callers: BudgetStore;
}

interface TakenSlots {
  readonly share: TakenSlot;
  /** The source's, or the key's. */
  readonly caller: TakenSlot | undefined;
}

/**
 * How many calls of Verify Token are made, and for whom: Coinflow grants few, and anybody can send what looks like a session
 * key. Whoever finds nothing left is told when to come back.
 */
export class VerificationBudget {
  readonly #shares: CallShares;
  readonly #limits: CallerLimits;
  readonly #statistics = new BudgetStatistics();
  /** By the monotonic clock: until then Coinflow wants to be left alone. */
  #closedUntil = -Infinity;

  constructor(options: ResolvedCoinflowAuthOptions, stores = processStores()) {
    const names = new BudgetNames(options);
    this.#shares = new CallShares(stores.shares, names, options.budget);
    this.#limits = new CallerLimits(stores.callers, names, options.budget);
  }

  get metrics(): CoinflowBudgetMetrics {
    return this.#statistics.snapshot(this.#closedForMs);
  }

  /**
   * Makes a call, if there is one left for it. Its repeats take no further slot.
   * @throws {CoinflowRateLimitedError} when there is none, or Coinflow has asked to be left alone
   * @throws {CoinflowTooManyRequestsError} when the source, or the key, has had its part
   */
  async run(verification: Verification, call: () => Promise<void>): Promise<void> {
    const { kind } = verification;
    const { share, caller } = await this.#take(kind, () => this.#takeBoth(verification));
    try {
      await this.#call(kind, share, call);
    } catch (error) {
      // A source pays for refusals alone: an outage must not make offenders of those who try again.
      const isSpent = kind === 'unknown' ? error instanceof CoinflowSessionRejectedError : !isBreakerOpen(error);
      if (!isSpent) caller?.giveBack();
      throw error;
    }
    if (kind === 'unknown') caller?.giveBack();
  }

  /** As {@link run}, for the call with a made-up key. */
  async probe(call: () => Promise<void>): Promise<void> {
    const share = await this.#take('unknown', () => this.#takeShare('probe'));
    await this.#call('unknown', share, call);
  }

  get #closedForMs(): number {
    return Math.max(this.#closedUntil - performance.now(), 0);
  }

  async #take<T>(kind: VerificationKind, take: () => Promise<T>): Promise<T> {
    try {
      return await take();
    } catch (error) {
      if (isCoinflowAuthError(error)) this.#statistics.refused(kind, error);
      throw error;
    }
  }

  async #call(kind: VerificationKind, share: TakenSlot, call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      if (isBreakerOpen(error)) {
        share.giveBack();
        throw error;
      }
      this.#learn(error);
      this.#statistics.used(kind);
      throw error;
    }
    this.#statistics.used(kind);
  }

  /** The caller's slot first: whoever has none left must not even for a moment hold one of the share's. */
  async #takeBoth({ kind, id, caller }: Verification): Promise<TakenSlots> {
    this.#assertOpen();
    const slot = await this.#takeCallers(kind, id, caller);
    try {
      return { share: await this.#takeShare(kind), caller: slot };
    } catch (error) {
      slot?.giveBack();
      throw error;
    }
  }

  async #takeCallers(kind: VerificationKind, id: string, caller: Caller): Promise<TakenSlot | undefined> {
    if (kind === 'unknown') return this.#limits.ofSource(caller);
    // A key that was proven before is no junk, and is remembered again by its first yes.
    return kind === 'forced' ? this.#limits.ofKey(id) : undefined;
  }

  async #takeShare(kind: VerificationKind | 'probe'): Promise<TakenSlot> {
    // It may have closed while the caller's slot was taken.
    this.#assertOpen();
    return this.#shares.take(kind);
  }

  #assertOpen(): void {
    const retryAfterMs = this.#closedForMs;
    if (retryAfterMs === 0) return;
    throw new CoinflowRateLimitedError('Coinflow has answered 429 a moment ago, and is left alone', {
      reason: 'budget-closed',
      retryAfterMs,
    });
  }

  /** Coinflow counts by itself, and better than anybody here can: what it says goes. */
  #learn(error: unknown): void {
    if (!(error instanceof CoinflowRateLimitedError)) return;
    const closedForMs = Math.min(error.retryAfterMs, MAX_CLOSED_MS);
    this.#closedUntil = Math.max(this.#closedUntil, performance.now() + closedForMs);
  }
}

function processStores(): BudgetStores {
  return {
    shares: new ProcessBudgetStore(VERIFICATION_KINDS.length),
    callers: new ProcessBudgetStore(MAX_CALLERS),
  };
}

/** Counts over a store that instances share, and in this process while that is away. */
export function sharedStores(store: CarefulStore<unknown>, budget: BudgetStore): BudgetStores {
  const { shares, callers } = processStores();
  return {
    shares: new SharedBudgetStore(store, budget, shares),
    callers: new SharedBudgetStore(store, budget, callers),
  };
}

/** The client has not even asked. */
function isBreakerOpen(error: unknown): boolean {
  return isCoinflowAuthError(error) && error.reason === 'breaker-open';
}

/** Whether no call was made, since none was left for whoever wished for it. */
export function isRefusedByBudget(error: unknown): boolean {
  return isCoinflowAuthError(error) && REASONS.has(error.reason);
}
