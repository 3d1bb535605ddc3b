import { Logger } from '@nestjs/common';

/** Coinflow's time, as far as its responses have shown it. */
export type CoinflowTime = Pick<CoinflowClock, 'now' | 'latest'>;

/** The format of `Date` (RFC 9110, IMF-fixdate). `Date.parse` alone accepts many strings that are not dates. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const RESOLUTION_MS = 1_000;
const MAX_SKEW_MS = 30_000;
/** How fast two clocks can drift apart without being observed: 20 ms in 1,000 s. */
const DRIFT = 2e-5;

/** The bounds of Coinflow's time minus `performance.now()`. */
interface Bounds {
  readonly from: number;
  readonly to: number;
}

/**
 * Coinflow's clock, estimated from the `Date` of its responses. A `Date` has whole seconds and a response takes time, so
 * each one only gives bounds, and several together narrow them. The bounds are relative to the monotonic clock, so that a
 * correction of the system clock does not change them.
 */
export class CoinflowClock {
  readonly #logger = new Logger('CoinflowAuth');
  #observed: (Bounds & { readonly at: number }) | undefined;
  #hasWarned = false;

  /**
   * Learns from a Coinflow response.
   * @param dateHeader its `Date`; an invalid one is ignored
   * @param sentAt when the request was sent, by `performance.now()`
   * @param receivedAt when the response had arrived, by `performance.now()`
   */
  observe(dateHeader: unknown, sentAt: number, receivedAt: number): void {
    const dateMs = typeof dateHeader === 'string' && HTTP_DATE.test(dateHeader) ? Date.parse(dateHeader) : NaN;
    if (Number.isNaN(dateMs)) return;
    const newest = { from: dateMs - receivedAt, to: dateMs + RESOLUTION_MS - sentAt };
    const known = this.#boundsAt(receivedAt) ?? newest;
    const agreed = { from: Math.max(known.from, newest.from), to: Math.min(known.to, newest.to) };
    // If the bounds exclude each other, Coinflow's clock was corrected, or one of the two drifts: only the newest count.
    this.#observed = { ...(agreed.from <= agreed.to ? agreed : newest), at: receivedAt };
    this.#warnOnce();
  }

  /** Coinflow's clock minus this machine's, in milliseconds; `undefined` until a response has shown it. */
  get skewMs(): number | undefined {
    return this.#observed && this.now() - Date.now();
  }

  /** How far {@link now} can be wrong, either way, in milliseconds; `undefined` until a response has shown it. */
  get uncertaintyMs(): number | undefined {
    const bounds = this.#boundsAt(performance.now());
    return bounds && (bounds.to - bounds.from) / 2;
  }

  /** Now by Coinflow's clock, in milliseconds since 1970; by this machine's until a response has shown it. */
  now(): number {
    const bounds = this.#boundsAt(performance.now());
    return bounds ? performance.now() + (bounds.from + bounds.to) / 2 : Date.now();
  }

  /** The latest that it can be now by Coinflow's clock; `undefined` until a response has shown it. */
  latest(): number | undefined {
    const bounds = this.#boundsAt(performance.now());
    return bounds && performance.now() + bounds.to;
  }

  #boundsAt(now: number): Bounds | undefined {
    if (!this.#observed) return undefined;
    const { from, to, at } = this.#observed;
    const driftMs = Math.max(0, now - at) * DRIFT;
    return { from: from - driftMs, to: to + driftMs };
  }

  #warnOnce(): void {
    const skewMs = this.skewMs ?? 0;
    const isFarOff = Math.abs(skewMs) > MAX_SKEW_MS;
    if (isFarOff && !this.#hasWarned) this.#logger.warn(warning(skewMs));
    this.#hasWarned = isFarOff;
  }
}

function warning(skewMs: number): string {
  const seconds = Math.round(Math.abs(skewMs) / 1_000);
  const [direction, consequence] =
    skewMs > 0
      ? ['behind', 'expired session keys may still be accepted']
      : ['ahead of', 'session keys may expire too early'];
  return `This machine's clock is ${seconds} s ${direction} Coinflow's: ${consequence}. Synchronize it, for example with NTP. [clock-skew]`;
}
