import { createHash } from 'node:crypto';
import {
  CoinflowMisconfiguredError,
  CoinflowWebhookBusyError,
  CoinflowWebhookStoreUnavailableError,
} from '../errors/coinflow-auth.errors.js';
import { DELIVERY_RETENTION_MS } from '../options/coinflow-auth-options.js';
import type { DeliveryClaim, DeliveryStore } from '../options/store-contracts.js';
import { TimeoutError, withDeadline, type Deadline } from '../util/promises.js';
import { LEASE_MS, LeaseRenewer, type RenewedLease } from './lease-renewer.js';
import type { DeliveryLease } from './webhook-event.js';

const MIN_POLL_MS = 25;
const MAX_POLL_MS = 250;
const RETRY_AFTER_MS = 5_000;
/** How long to wait for a store. The Redis store itself gives up after one second. */
const STORE_TIMEOUT_MS = 2_000;
const MIN_COMPLETE_RETRY_MS = 100;
const MAX_COMPLETE_RETRY_MS = 1_000;

/** How a delivery ended: with the result of its run, or as a duplicate of a delivery that succeeded before. */
export type DeliveryOutcome<T> = { readonly isDuplicate: false; readonly value: T } | { readonly isDuplicate: true };

/** Runs a delivery unless it is running or has succeeded, in this process or in another replica. */
export class DeliveryRunner {
  readonly #store: DeliveryStore;
  readonly #leases: LeaseRenewer;
  /** Runs of this process. A duplicate of one waits for its result without a call to the store. */
  readonly #inProgress = new Map<string, Promise<unknown>>();

  constructor(store: DeliveryStore) {
    this.#store = store;
    this.#leases = new LeaseRenewer(store);
  }

  /**
   * @param deadline until when to wait for another run of the delivery
   * @returns once the delivery has succeeded, now or before
   * @throws {@link CoinflowWebhookBusyError} when another run does not end before the deadline, or the lease was lost
   * @throws {@link CoinflowWebhookStoreUnavailableError} when the store fails or does not respond
   * @throws {@link CoinflowMisconfiguredError} when the store reports that it cannot work as it is configured
   * @throws the error of the run; the next delivery runs again
   */
  async run<T>(id: string, run: (lease: DeliveryLease) => Promise<T>, deadline: Deadline): Promise<DeliveryOutcome<T>> {
    const inProgress = this.#inProgress.get(id);
    if (inProgress) return this.#join(inProgress, deadline);
    const attempt = this.#attempt(id, run, deadline).finally(() => this.#inProgress.delete(id));
    this.#inProgress.set(id, attempt);
    return attempt;
  }

  /**
   * Deletes the records of an event that has succeeded, so that it can run again.
   * @param recordPrefix of {@link recordPrefixOf}
   * @throws {@link CoinflowWebhookStoreUnavailableError} when the store fails or does not respond
   */
  async forget(recordPrefix: string): Promise<void> {
    await this.#callStore(() => this.#store.forget(recordPrefix));
  }

  async #join(inProgress: Promise<unknown>, deadline: Deadline): Promise<{ isDuplicate: true }> {
    try {
      await withDeadline(() => inProgress, deadline);
      return { isDuplicate: true };
    } catch (error) {
      throw error instanceof TimeoutError ? busy('still-running') : error;
    }
  }

  async #attempt<T>(
    id: string,
    run: (lease: DeliveryLease) => Promise<T>,
    deadline: Deadline,
  ): Promise<DeliveryOutcome<T>> {
    for (let pauseMs = MIN_POLL_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_POLL_MS)) {
      const claimedAt = performance.now();
      const claim = await this.#claim(id);
      if (claim.state === 'done') return { isDuplicate: true };
      if (claim.state === 'won') {
        return { isDuplicate: false, value: await this.#runClaimed(id, claim, claimedAt, run) };
      }
      if (performance.now() + pauseMs > deadline) throw busy('running-elsewhere');
      await pause(pauseMs);
    }
  }

  async #runClaimed<T>(
    id: string,
    { token, fencingToken }: DeliveryClaim & { state: 'won' },
    claimedAt: number,
    run: (lease: DeliveryLease) => Promise<T>,
  ): Promise<T> {
    const lease = this.#leases.start(id, token, claimedAt);
    try {
      const value = await run({ fencingToken, signal: lease.signal });
      // The lease is renewed meanwhile, so that a slow store does not let another run begin.
      if (!(await this.#complete(id, token, lease))) throw busy('lease-lost');
      return value;
    } catch (error) {
      // When the store is unavailable, the lease expires by itself.
      await this.#callStore(() => this.#store.release(id, token)).catch(() => undefined);
      throw error;
    } finally {
      lease.stop();
    }
  }

  async #claim(id: string): Promise<DeliveryClaim> {
    const claimed = (async () => this.#store.claim(id, LEASE_MS))();
    try {
      return await this.#callStore(() => claimed);
    } catch (error) {
      // A claim that succeeds after the timeout would block the next delivery for the length of a lease.
      claimed
        .then((late) => (late.state === 'won' ? this.#store.release(id, late.token) : undefined))
        .catch(() => undefined);
      throw error;
    }
  }

  /** Retries while the lease lasts: a run whose success is not recorded would run a second time. */
  async #complete(id: string, token: string, lease: RenewedLease): Promise<boolean> {
    const leaseExpiresAt = performance.now() + LEASE_MS;
    for (let pauseMs = MIN_COMPLETE_RETRY_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_COMPLETE_RETRY_MS)) {
      try {
        return await this.#callStore(() => this.#store.complete(id, token, DELIVERY_RETENTION_MS));
      } catch (error) {
        if (lease.signal.aborted || performance.now() + pauseMs > leaseExpiresAt) throw error;
      }
      await pause(pauseMs);
    }
  }

  async #callStore<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await withDeadline(operation, performance.now() + STORE_TIMEOUT_MS);
    } catch (cause) {
      if (cause instanceof CoinflowMisconfiguredError) throw cause;
      throw new CoinflowWebhookStoreUnavailableError('The delivery store failed or did not respond in time', {
        reason: 'store-failed',
        retryAfterMs: RETRY_AFTER_MS,
        ...(cause instanceof Error && { cause }),
      });
    }
  }
}

/** The scope of a delivery record. An event runs once in each scope. */
export interface RecordScope {
  readonly env: string;
  readonly merchantId: string;
  readonly consumer: string | undefined;
  /** The name of the instance; `undefined` is the unnamed one. */
  readonly instance: string | undefined;
}

/** The first part of the ids of an event's records: a hash, so that a store reveals nothing about the event. */
export function recordPrefixOf({ env, merchantId, consumer, instance }: RecordScope, deliveryId: string): string {
  return hash([env, merchantId, consumer, instance, deliveryId]);
}

/** The id of the record of all `@OnCoinflowEvent()` handlers, which run once per scope, through whichever route. */
export function handlersRecordId(recordPrefix: string): string {
  return `${recordPrefix}.handlers`;
}

/** The id of the record of one route: each route runs its own method. */
export function routeRecordId(recordPrefix: string, route: readonly unknown[]): string {
  return `${recordPrefix}.${hash(route)}`;
}

function hash(parts: readonly unknown[]): string {
  // JSON, because two different lists never have the same JSON.
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function busy(reason: string): CoinflowWebhookBusyError {
  return new CoinflowWebhookBusyError('The same webhook delivery is already running', {
    reason,
    retryAfterMs: RETRY_AFTER_MS,
  });
}
