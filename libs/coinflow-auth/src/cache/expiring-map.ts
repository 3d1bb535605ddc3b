import { Logger } from '@nestjs/common';

/** More than one, so that expired entries go faster than new ones come. */
const SWEPT_AT_ONCE = 4;

/** How long an entry is kept. */
export interface Lifetime {
  /** Until when at least, by the monotonic clock. */
  readonly endsAt: number;
  /** And until this moment of the wall clock, in milliseconds since 1970: a clock that is set back ends nothing early. */
  readonly expiresAtMs: number;
}

interface Entry<V> {
  readonly value: V;
  readonly lifetime: Lifetime;
}

/**
 * A bounded map whose entries expire, without a timer: each insertion looks at a few of them. An entry counts until it is
 * removed. Beyond the bound the oldest is removed.
 */
export class ExpiringMap<V> {
  readonly #logger = new Logger('CoinflowAuth');
  /** Oldest first. */
  readonly #entries = new Map<string, Entry<V>>();
  /** Where the sweep is; a map's iterator bears deletions and insertions. */
  #sweep = this.#entries.entries();
  readonly #max: number;
  readonly #overflow: string | undefined;
  #hasOverflowed = false;

  /** @param overflow what the log says, as an error and once, when more than `max` entries are needed */
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

  /** Those that are not over. */
  *values(): Generator<V> {
    for (const { value, lifetime } of this.#entries.values()) if (!isOver(lifetime)) yield value;
  }

  #removeExpired(): void {
    for (let step = 0; step < SWEPT_AT_ONCE; step += 1) {
      const { value, done } = this.#sweep.next();
      if (done) this.#sweep = this.#entries.entries();
      else if (isOver(value[1].lifetime)) this.#entries.delete(value[0]);
    }
  }
}

function isOver({ endsAt, expiresAtMs }: Lifetime): boolean {
  return performance.now() >= endsAt && Date.now() >= expiresAtMs;
}

/** The longest that a session key lives, as Coinflow documents it. */
const DAY_MS = 86_400_000;

/**
 * What is known of a session key is kept until it expires, and for a day at least: a clock that is ahead now then ends
 * nothing early, even while it is not known what time it is at Coinflow.
 * @param expiresAtMs when the key expires, in milliseconds since 1970
 * @param upstreamNow what time it is at Coinflow
 */
export function untilExpiry(expiresAtMs: number, upstreamNow: number): Lifetime {
  return { endsAt: performance.now() + Math.max(expiresAtMs - upstreamNow, DAY_MS), expiresAtMs };
}

/** For a day, whatever the key says of its expiry. */
export function forADay(): Lifetime {
  return { endsAt: performance.now() + DAY_MS, expiresAtMs: -Infinity };
}
