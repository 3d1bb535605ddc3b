import type { DeliveryStore } from '../options/store-contracts.js';

/** How long a lease lasts without renewal: a replica that dies blocks its deliveries for at most this time. */
export const LEASE_MS = 10_000;
/** Short enough that a lease which cannot be renewed is given up before it expires in the store. */
const RENEW_INTERVAL_MS = 1_000;

/** A lease that is renewed until it is lost or `stop()` is called. */
export interface RenewedLease {
  /** Aborted when the lease is lost. */
  readonly signal: AbortSignal;
  /** Stops the renewals. The store keeps the lease until it expires. */
  stop(): void;
}

interface Entry {
  readonly id: string;
  readonly token: string;
  readonly lost: AbortController;
  /** On the monotonic clock. The lease in the store expires later, because it also began later. */
  expiresAt: number;
}

/** Renews the leases of all deliveries that run in this process, with one timer that exists only while there are any. */
export class LeaseRenewer {
  readonly #store: DeliveryStore;
  readonly #entries = new Set<Entry>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(store: DeliveryStore) {
    this.#store = store;
  }

  /** @param claimedAt the time before the claim was sent, on the monotonic clock */
  start(id: string, token: string, claimedAt: number): RenewedLease {
    const entry = { id, token, lost: new AbortController(), expiresAt: claimedAt + LEASE_MS };
    this.#entries.add(entry);
    this.#timer ??= setInterval(() => this.#renewAll(), RENEW_INTERVAL_MS).unref();
    return { signal: entry.lost.signal, stop: () => this.#stop(entry) };
  }

  #renewAll(): void {
    for (const entry of this.#entries) void this.#renew(entry);
  }

  async #renew(entry: Entry): Promise<void> {
    const sentAt = performance.now();
    // The lease would expire before the next renewal, and the store may then give the delivery to another replica.
    if (sentAt + RENEW_INTERVAL_MS >= entry.expiresAt) return this.#lose(entry);
    const isRenewed = await this.#callStore(entry).catch(() => undefined);
    // The run has ended in the meantime.
    if (!this.#entries.has(entry)) return;
    if (isRenewed) entry.expiresAt = Math.max(entry.expiresAt, sentAt + LEASE_MS);
    // When the store fails, the lease stays valid until it expires.
    else if (isRenewed === false) this.#lose(entry);
  }

  /** `async`, so that a custom store that throws synchronously becomes a rejected promise. */
  async #callStore({ id, token }: Entry): Promise<boolean> {
    return this.#store.renew(id, token, LEASE_MS);
  }

  #lose(entry: Entry): void {
    this.#stop(entry);
    entry.lost.abort(new Error('The lease of this delivery is lost: another replica may run it'));
  }

  #stop(entry: Entry): void {
    this.#entries.delete(entry);
    if (this.#entries.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
