import { requireInteger, requireOneOf, withoutUndefined } from './validation.js';
import type { EmulatorClock } from './clock.js';
import { RETRY_AFTER_FORMS, type EmulatorRetryAfter } from './http-error.js';

/** The rate limits a minute. */
export interface EmulatorLimits {
  /** Requests of one merchant with its API key. 0 means no limit. */
  withKey: number;
  /** All other requests together, including Verify Token. 0 means no limit. */
  withoutKey: number;
  /** The form of `Retry-After` in a 429. */
  retryAfter: EmulatorRetryAfter;
}

/** Assumptions: Coinflow does not publish its rate limits. */
export const ASSUMED_LIMITS = { withKey: 2_000, withoutKey: 100 } as const;

export const MAX_LIMIT = 1_000_000_000;

const NO_LIMITS: EmulatorLimits = { withKey: 0, withoutKey: 0, retryAfter: 'seconds' };
const WINDOW_MS = 60_000;

/** Counts requests in windows of one minute that begin with the first request. */
export class RateLimits {
  readonly #initial: EmulatorLimits;
  #limits: EmulatorLimits;
  /** By merchant id; `undefined` is the key for all other requests. */
  readonly #windows = new Map<string | undefined, { startMs: number; count: number }>();

  constructor(
    private readonly clock: EmulatorClock,
    initial: Partial<EmulatorLimits> = {},
  ) {
    this.#initial = checked({ ...NO_LIMITS, ...withoutUndefined(initial) });
    this.#limits = this.#initial;
  }

  get settings(): EmulatorLimits {
    return { ...this.#limits };
  }

  /** Changes the given limits and resets the counters. */
  set(changes: Partial<EmulatorLimits>): void {
    this.#limits = checked({ ...this.#limits, ...withoutUndefined(changes) });
    this.#windows.clear();
  }

  reset(): void {
    this.#limits = this.#initial;
    this.#windows.clear();
  }

  /** Counts a request. @returns the time to wait if the limit is exceeded */
  spend(merchantId: string | undefined): number | undefined {
    const limit = merchantId === undefined ? this.#limits.withoutKey : this.#limits.withKey;
    if (limit === 0) return undefined;
    const now = this.clock.nowMs();
    let window = this.#windows.get(merchantId);
    // The clock can be set back, so that the window seems to begin in the future.
    if (!window || now - window.startMs >= WINDOW_MS || now < window.startMs) {
      window = { startMs: now, count: 0 };
      this.#windows.set(merchantId, window);
    }
    if (window.count >= limit) return window.startMs + WINDOW_MS - now;
    window.count += 1;
    return undefined;
  }
}

function checked(limits: EmulatorLimits): EmulatorLimits {
  requireInteger('The limit with an API key', limits.withKey, 0, MAX_LIMIT);
  requireInteger('The limit without an API key', limits.withoutKey, 0, MAX_LIMIT);
  requireOneOf('retryAfter', limits.retryAfter, RETRY_AFTER_FORMS);
  return limits;
}
