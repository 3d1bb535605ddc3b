import { Logger } from '@nestjs/common';

/** How many entries an insertion checks. With more than one, expired entries are removed faster than new ones are added. */
const SWEPT_AT_ONCE = 4;

/** How long an entry is kept. */
export interface Lifetime {
  /** The earliest end, by the monotonic clock. */
  readonly endsAt: number;
  /** The earliest end by the wall clock, in milliseconds since 1970. An entry ends when both moments have passed. */
  readonly expiresAtMs: number;
}

interface Entry<V> {
  readonly value: V;
  readonly lifetime: Lifetime;
}

/**
 * A bounded map whose entries expire. It has no timer: each insertion checks a few entries and removes the expired ones. Until
 * then an expired entry is still found. When the map is full, the oldest entry is removed.
 */
export class ExpiringMap<V> {
  readonly #logger = new Logger('CoinflowAuth');
  /** Oldest first. */
  readonly #entries = new Map<string, Entry<V>>();
  /** The position of the sweep. A map's iterator stays valid when entries are added or deleted. */
  #sweep = this.#entries.entries();
  readonly #max: number;
  readonly #overflow: string | undefined;
  #hasOverflowed = false;

  /** @param overflow the error that is logged once, when an entry is removed because the map is full */
  constructor(max: number, overflow?: string) {
    this.#max = max;
    this.#overflow = overflow;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(name: string): V | undefined {
    return this.#entries.get(name)?.value;
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  set(name: string, value: V, lifetime: Lifetime): void {
    this.#removeExpired();
    this.#entries.delete(name);
    this.#entries.set(name, { value, lifetime });
    if (this.#entries.size <= this.#max) return;
    const [oldest] = this.#entries.keys();
    this.#entries.delete(oldest ?? name);
    if (this.#overflow !== undefined && !this.#hasOverflowed) this.#logger.error(this.#overflow);
    this.#hasOverflowed = true;
  }

  delete(name: string): void {
    this.#entries.delete(name);
  }

  /** The values that have not expired. */
  *values(): Generator<V> {
    for (const { value, lifetime } of this.#entries.values()) if (!hasEnded(lifetime)) yield value;
  }

  #removeExpired(): void {
    for (let step = 0; step < SWEPT_AT_ONCE; step += 1) {
      const { value, done } = this.#sweep.next();
      if (done) this.#sweep = this.#entries.entries();
      else if (hasEnded(value[1].lifetime)) this.#entries.delete(value[0]);
    }
  }
}

function hasEnded({ endsAt, expiresAtMs }: Lifetime): boolean {
  return performance.now() >= endsAt && Date.now() >= expiresAtMs;
}

/** The longest lifetime of a session key, as Coinflow documents it. */
const DAY_MS = 86_400_000;

/**
 * Until a session key expires, and for a day at least: a machine's clock that is ahead then ends no entry early, even while
 * Coinflow's clock is not known.
 * @param expiresAtMs when the key expires, in milliseconds since 1970
 * @param upstreamNow the time by Coinflow's clock, in milliseconds since 1970
 */
export function untilExpiry(expiresAtMs: number, upstreamNow: number): Lifetime {
  return { endsAt: performance.now() + Math.max(expiresAtMs - upstreamNow, DAY_MS), expiresAtMs };
}

/** For a day, without regard to the key's expiry. */
export function forADay(): Lifetime {
  return { endsAt: performance.now() + DAY_MS, expiresAtMs: -Infinity };
}
