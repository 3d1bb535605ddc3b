import { Logger } from '@nestjs/common';

/** Coinflow's time, as far as it is known. */
export type UpstreamTime = Pick<UpstreamClock, 'skewMs' | 'now'>;

/** The one form that servers may send (RFC 9110, IMF-fixdate). `Date.parse` alone would take much that is no date. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const RESOLUTION_MS = 1_000;
const WORTH_A_WARNING_MS = 30_000;

/**
 * How far this machine's clock is from Coinflow's, learned from the `Date` of the answers. A `Date` has whole seconds and
 * an answer takes its time, so each one only says between which bounds the difference lies; together they narrow it down.
 */
export class UpstreamClock {
  readonly #logger = new Logger('CoinflowAuth');
  /** The bounds that all answers agree on: Coinflow's clock minus ours. */
  #bounds: { from: number; to: number } | undefined;
  #isWarned = false;

  /**
   * Learns from an answer in Coinflow's own voice.
   * @param dateHeader its `Date`, whatever that is
   * @param sentAtMs when the question was sent, by `Date.now()`
   * @param receivedAtMs when the answer was there, by `Date.now()`
   */
  observe(dateHeader: unknown, sentAtMs: number, receivedAtMs: number): void {
    const dateMs = typeof dateHeader === 'string' && HTTP_DATE.test(dateHeader) ? Date.parse(dateHeader) : NaN;
    // An answer before its question: this machine's clock was set back in between.
    if (Number.isNaN(dateMs) || receivedAtMs < sentAtMs) return;
    const newest = { from: dateMs - receivedAtMs, to: dateMs + RESOLUTION_MS - sentAtMs };
    const { from, to } = this.#bounds ?? newest;
    const agreed = { from: Math.max(from, newest.from), to: Math.min(to, newest.to) };
    // Nothing that all agree on: one of the clocks was set, or drifts. Only the newest speaks of now.
    this.#bounds = agreed.from <= agreed.to ? agreed : newest;
    this.#warnOnce();
  }

  /** Coinflow's clock minus this machine's, in milliseconds; `undefined` until an answer has said it. */
  get skewMs(): number | undefined {
    return this.#bounds && (this.#bounds.from + this.#bounds.to) / 2;
  }

  /** How far {@link skewMs} can be wrong, either way; `undefined` until it is known. */
  get uncertaintyMs(): number | undefined {
    return this.#bounds && (this.#bounds.to - this.#bounds.from) / 2;
  }

  /** Now by Coinflow's clock, as far as it is known, in milliseconds since 1970. */
  now(): number {
    return Date.now() + (this.skewMs ?? 0);
  }

  #warnOnce(): void {
    const skewMs = this.skewMs ?? 0;
    const isFarOff = Math.abs(skewMs) > WORTH_A_WARNING_MS;
    if (isFarOff && !this.#isWarned) this.#logger.warn(warning(skewMs));
    this.#isWarned = isFarOff;
  }
}

function warning(skewMs: number): string {
  const seconds = Math.round(Math.abs(skewMs) / 1_000);
  const [direction, consequence] =
    skewMs > 0
      ? ['behind', 'session keys seem to live longer than they do']
      : ['ahead of', 'session keys seem to have expired before they have'];
  return `This machine’s clock is ${seconds} s ${direction} Coinflow’s: ${consequence}. Set it, best by NTP. [clock-skew]`;
}
