import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { DeliveryClaim, DeliveryStore } from '../options/store-contracts.js';

const MAX_SUCCEEDED = 100_000;

interface Lease {
  readonly token: string;
  readonly fencingToken: number;
  /** On the monotonic clock. */
  expiresAt: number;
}

/** Records deliveries in this process: the newest 100,000 that have succeeded, until a restart. */
export class InMemoryDeliveryStore implements DeliveryStore {
  readonly #succeeded: LRUCache<string, true>;
  /** Never evicted, because an evicted lease would let the same delivery run twice. */
  readonly #leases = new Map<string, Lease>();
  #lastFencingToken = 0;

  constructor(maxSucceeded = MAX_SUCCEEDED) {
    this.#succeeded = new LRUCache({ max: maxSucceeded, perf: performance, ttlResolution: 0 });
  }

  claim(id: string, leaseMs: number): Promise<DeliveryClaim> {
    if (this.#succeeded.has(id)) return Promise.resolve({ state: 'done' });
    if (this.#activeLease(id)) return Promise.resolve({ state: 'running' });
    // Based on the time, so that it also grows across a restart.
    const fencingToken = (this.#lastFencingToken = Math.max(this.#lastFencingToken + 1, Date.now() * 1_000));
    const lease: Lease = { token: randomUUID(), fencingToken, expiresAt: performance.now() + leaseMs };
    this.#leases.set(id, lease);
    return Promise.resolve({ state: 'won', token: lease.token, fencingToken });
  }

  renew(id: string, token: string, leaseMs: number): Promise<boolean> {
    const lease = this.#activeLease(id);
    if (lease?.token !== token) return Promise.resolve(false);
    lease.expiresAt = performance.now() + leaseMs;
    return Promise.resolve(true);
  }

  complete(id: string, token: string, ttlMs: number): Promise<boolean> {
    const lease = this.#activeLease(id);
    if (lease && lease.token !== token) return Promise.resolve(false);
    this.#leases.delete(id);
    this.#succeeded.set(id, true, { ttl: ttlMs });
    return Promise.resolve(true);
  }

  release(id: string, token: string): Promise<void> {
    if (this.#leases.get(id)?.token === token) this.#leases.delete(id);
    return Promise.resolve();
  }

  forget(event: string): Promise<void> {
    for (const id of Array.from(this.#succeeded.keys())) if (id.startsWith(`${event}.`)) this.#succeeded.delete(id);
    return Promise.resolve();
  }

  #activeLease(id: string): Lease | undefined {
    const lease = this.#leases.get(id);
    return lease && lease.expiresAt > performance.now() ? lease : undefined;
  }
}
