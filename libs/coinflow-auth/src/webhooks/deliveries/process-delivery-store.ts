import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { DeliveryClaim, DeliveryStore } from '../../options/delivery-store.js';

const MAX_DONE = 100_000;

interface Lease {
  readonly token: string;
  readonly fencingToken: number;
  /** By the monotonic clock. */
  endsAt: number;
}

/** Remembers deliveries in this process: the newest 100,000 that have succeeded, until a restart. */
export class ProcessDeliveryStore implements DeliveryStore {
  readonly #done: LRUCache<string, true>;
  /** As many as run at once; never evicted, since a lease that is forgotten is a second run. */
  readonly #leases = new Map<string, Lease>();
  #lastFencingToken = 0;

  constructor(maxDone = MAX_DONE) {
    this.#done = new LRUCache({ max: maxDone, perf: performance, ttlResolution: 0 });
  }

  claim(id: string, leaseMs: number): Promise<DeliveryClaim> {
    if (this.#done.has(id)) return Promise.resolve({ state: 'done' });
    if (this.#running(id)) return Promise.resolve({ state: 'running' });
    // From the time, so that it grows across a restart as well.
    const fencingToken = (this.#lastFencingToken = Math.max(this.#lastFencingToken + 1, Date.now() * 1_000));
    const lease: Lease = { token: randomUUID(), fencingToken, endsAt: performance.now() + leaseMs };
    this.#leases.set(id, lease);
    return Promise.resolve({ state: 'won', token: lease.token, fencingToken });
  }

  renew(id: string, token: string, leaseMs: number): Promise<boolean> {
    const lease = this.#running(id);
    if (lease?.token !== token) return Promise.resolve(false);
    lease.endsAt = performance.now() + leaseMs;
    return Promise.resolve(true);
  }

  complete(id: string, token: string, keepMs: number): Promise<boolean> {
    const lease = this.#running(id);
    if (lease && lease.token !== token) return Promise.resolve(false);
    this.#leases.delete(id);
    this.#done.set(id, true, { ttl: keepMs });
    return Promise.resolve(true);
  }

  release(id: string, token: string): Promise<void> {
    if (this.#leases.get(id)?.token === token) this.#leases.delete(id);
    return Promise.resolve();
  }

  forget(event: string): Promise<void> {
    for (const id of Array.from(this.#done.keys())) if (id.startsWith(`${event}.`)) this.#done.delete(id);
    return Promise.resolve();
  }

  #running(id: string): Lease | undefined {
    const lease = this.#leases.get(id);
    return lease && lease.endsAt > performance.now() ? lease : undefined;
  }
}
