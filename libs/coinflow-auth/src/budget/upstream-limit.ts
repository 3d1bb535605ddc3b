import { LRUCache } from 'lru-cache';
import { CoinflowBudgetExhaustedError, isCoinflowAuthError } from '../errors/coinflow-auth.errors.js';

/** However long Coinflow asks to wait. */
const MAX_CLOSED_MS = 60_000;
const MAX_PARTIES = 10_000;
/** While one call finds out whether Coinflow limits everybody. */
const TRIAL_RETRY_AFTER_MS = 1_000;

/**
 * Coinflow's own rate limit, as its 429s show it. It may limit one user or one client, or all. So a 429 first stops the calls
 * for the party that met it; one call for another party is allowed, and if that meets a 429 too, all calls are stopped.
 */
export class UpstreamLimit {
  /** By the monotonic clock, as all times here. */
  #closedUntil = -Infinity;
  readonly #parties = new LRUCache<string, number>({ max: MAX_PARTIES });
  /** The party that met the last 429, while it is open whether the others are limited as well. */
  #suspicion: { party: string; since: number; until: number } | undefined;
  #isTrialUnderWay = false;

  /** For how many milliseconds no call is made for anybody. */
  get closedForMs(): number {
    return Math.max(this.#closedUntil - performance.now(), 0);
  }

  /** @throws {CoinflowBudgetExhaustedError} while no call is made for this party */
  assertOpen(party: string | undefined): void {
    const now = performance.now();
    const partyUntil = (party !== undefined && this.#parties.get(party)) || -Infinity;
    const trialUntil = this.#isSuspected(now) && this.#isTrialUnderWay ? now + TRIAL_RETRY_AFTER_MS : -Infinity;
    const retryAfterMs = Math.max(this.#closedUntil, partyUntil, trialUntil) - now;
    if (retryAfterMs <= 0) return;
    throw new CoinflowBudgetExhaustedError('Coinflow has answered 429 a moment ago, so no call is made', {
      reason: 'budget-closed',
      retryAfterMs,
    });
  }

  /**
   * Makes a call and learns from it.
   * @param party for whom; without one, a 429 stops the calls for all
   */
  async run<T>(party: string | undefined, call: () => Promise<T>): Promise<T> {
    this.assertOpen(party);
    const startedAt = performance.now();
    const isTrial = this.#isSuspected(startedAt);
    if (isTrial) this.#isTrialUnderWay = true;
    try {
      const result = await call();
      this.#answered(startedAt);
      return result;
    } catch (error) {
      if (error instanceof CoinflowBudgetExhaustedError) this.#limited(party, error.retryAfterMs);
      // Whatever is not worth trying again is an answer of Coinflow's.
      else if (isCoinflowAuthError(error) && !('retryAfterMs' in error)) this.#answered(startedAt);
      throw error;
    } finally {
      if (isTrial) this.#isTrialUnderWay = false;
    }
  }

  #isSuspected(now: number): boolean {
    return this.#suspicion !== undefined && now < this.#suspicion.until;
  }

  /** A call that began before the 429 shows nothing. */
  #answered(startedAt: number): void {
    if (this.#suspicion && this.#suspicion.since <= startedAt) this.#suspicion = undefined;
  }

  #limited(party: string | undefined, retryAfterMs: number): void {
    const now = performance.now();
    const until = now + Math.min(retryAfterMs, MAX_CLOSED_MS);
    const isSecond = this.#isSuspected(now) && this.#suspicion?.party !== party;
    if (party === undefined || isSecond) {
      this.#closedUntil = Math.max(this.#closedUntil, until);
      this.#suspicion = undefined;
      return;
    }
    this.#parties.set(party, Math.max(this.#parties.get(party) ?? until, until));
    this.#suspicion = { party, since: now, until };
  }
}
