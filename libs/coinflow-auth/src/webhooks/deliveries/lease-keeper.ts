import type { DeliveryStore } from '../../options/delivery-store.js';

/** How long a process that died holds up its deliveries, at most. */
export const LEASE_MS = 10_000;
/** So often that a lease which is not renewed is given up before it ends, not after. */
const RENEW_EVERY_MS = 1_000;

/** A lease that is being renewed. */
export interface HeldLease {
  /** Aborted when the lease is lost. */
  readonly signal: AbortSignal;
  /** Ends the renewals, not the lease. */
  drop(): void;
}

interface Entry {
  readonly id: string;
  readonly token: string;
  readonly lost: AbortController;
  /** By the monotonic clock; the store's own lease ends later, since it began later. */
  endsAt: number;
}

/** Renews the leases of all deliveries that run in this process, by one timer, which is there while there are any. */
export class LeaseKeeper {
  readonly #store: DeliveryStore;
  readonly #entries = new Set<Entry>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(store: DeliveryStore) {
    this.#store = store;
  }

  /** @param claimedAt before the claim was sent, by the monotonic clock */
  hold(id: string, token: string, claimedAt: number): HeldLease {
    const entry = { id, token, lost: new AbortController(), endsAt: claimedAt + LEASE_MS };
    this.#entries.add(entry);
    this.#timer ??= setInterval(() => this.#renewAll(), RENEW_EVERY_MS).unref();
    return { signal: entry.lost.signal, drop: () => this.#drop(entry) };
  }

  #renewAll(): void {
    for (const entry of this.#entries) void this.#renew(entry);
  }

  async #renew(entry: Entry): Promise<void> {
    const sentAt = performance.now();
    // It would have ended by the next time, and the store may then give it to another.
    if (sentAt + RENEW_EVERY_MS >= entry.endsAt) return this.#lose(entry);
    const isOurs = await this.#askWhether(entry).catch(() => undefined);
    // What has ended meanwhile has nothing to lose.
    if (!this.#entries.has(entry)) return;
    if (isOurs) entry.endsAt = Math.max(entry.endsAt, sentAt + LEASE_MS);
    // A store that cannot tell leaves the lease as it is, for as long as it still has.
    else if (isOurs === false) this.#lose(entry);
  }

  /** A promise even where a user's store throws at once. */
  async #askWhether({ id, token }: Entry): Promise<boolean> {
    return this.#store.renew(id, token, LEASE_MS);
  }

  #lose(entry: Entry): void {
    this.#drop(entry);
    entry.lost.abort(new Error('The lease of this delivery is lost: another process may run it'));
  }

  #drop(entry: Entry): void {
    this.#entries.delete(entry);
    if (this.#entries.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
