import { given, requireInteger, requireOneOf } from './checks.js';
import type { EmulatorClock } from './clock.js';
import { RETRY_AFTER_FORMS, type EmulatorRetryAfter } from './retry-after.js';

/** How many requests a minute are answered, by kind of caller. */
export interface EmulatorLimits {
  /** Requests with a valid API key, for each merchant on its own. 0 is no limit. */
  withKey: number;
  /** All other requests together, Verify Token among them. 0 is no limit. */
  withoutKey: number;
  /** How the 429 says when to come back. */
  retryAfter: EmulatorRetryAfter;
}

/** What is assumed of Coinflow: its own figures vary since 2026, and are not published. */
export const ASSUMED_LIMITS = { withKey: 2_000, withoutKey: 100 } as const;

export const MAX_LIMIT = 1_000_000_000;

const NO_LIMITS: EmulatorLimits = { withKey: 0, withoutKey: 0, retryAfter: 'seconds' };
const WINDOW_MS = 60_000;

/** Counts requests in windows of a minute, each beginning with its first request. */
export class RateLimits {
  readonly #initial: EmulatorLimits;
  #limits: EmulatorLimits;
  /** By merchant; `undefined` stands for everybody else. One entry a merchant at most. */
  readonly #windows = new Map<string | undefined, { startMs: number; count: number }>();

  constructor(
    private readonly clock: EmulatorClock,
    initial: Partial<EmulatorLimits> = {},
  ) {
    this.#initial = checked({ ...NO_LIMITS, ...given(initial) });
    this.#limits = this.#initial;
  }

  get settings(): EmulatorLimits {
    return { ...this.#limits };
  }

  /** Changes what is given, and begins to count anew. */
  set(changes: Partial<EmulatorLimits>): void {
    this.#limits = checked({ ...this.#limits, ...given(changes) });
    this.#windows.clear();
  }

  reset(): void {
    this.#limits = this.#initial;
    this.#windows.clear();
  }

  /** Counts a request. @returns for how long the caller must wait, when it is one too many */
  spend(merchantId: string | undefined): number | undefined {
    const limit = merchantId === undefined ? this.#limits.withoutKey : this.#limits.withKey;
    if (limit === 0) return undefined;
    const now = this.clock.nowMs();
    let window = this.#windows.get(merchantId);
    // Begun after now: the clock was set back.
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
