import type { EmulatorClock } from './clock.js';

/** The forms of {@link EmulatorRetryAfter}. */
export const RETRY_AFTER_FORMS = ['seconds', 'date', 'none'] as const;

/**
 * How a 429 says when to come back: in seconds, as an HTTP date, or not at all. Coinflow documents none of them, so a
 * client must live with each.
 */
export type EmulatorRetryAfter = (typeof RETRY_AFTER_FORMS)[number];

/** The headers that say so. */
export function retryAfterHeaders(
  form: EmulatorRetryAfter,
  waitMs: number,
  clock: EmulatorClock,
): Record<string, string> {
  switch (form) {
    case 'seconds':
      return { 'retry-after': String(Math.ceil(waitMs / 1_000)) };
    case 'date':
      return { 'retry-after': clock.httpDate(waitMs) };
    case 'none':
      return {};
  }
}
