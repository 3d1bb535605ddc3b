import { setTimeout as delay } from 'node:timers/promises';
import {
  CoinflowMisconfiguredError,
  CoinflowWebhookBusyError,
  CoinflowWebhookStoreUnavailableError,
} from '../../errors/coinflow-auth.errors.js';
import { DELIVERY_MEMORY_MS } from '../../options/webhook-options.js';
import type { DeliveryClaim, DeliveryStore } from '../../options/delivery-store.js';
import { LEASE_MS, LeaseKeeper } from './lease-keeper.js';

/** Coinflow waits for five seconds; the answer must still reach it. */
export const WAIT_MS = 4_000;
const POLL_FROM_MS = 25;
const POLL_TO_MS = 250;
const RETRY_AFTER_MS = 5_000;

/** What a run is given. */
export interface DeliveryRun {
  readonly fencingToken: number;
  readonly signal: AbortSignal;
}

/** How a delivery ended: with what its run gave, or not run, since it has succeeded before. */
export type DeliveryOutcome<T> = { readonly repeated: false; readonly value: T } | { readonly repeated: true };

/** Runs a delivery unless it runs or has succeeded, here or in another process. */
export class DeliveryRunner {
  readonly #store: DeliveryStore;
  readonly #leases: LeaseKeeper;
  /** Those of this process; a repeat of one waits for its outcome without asking the store. */
  readonly #inProcess = new Map<string, Promise<unknown>>();

  constructor(store: DeliveryStore) {
    this.#store = store;
    this.#leases = new LeaseKeeper(store);
  }

  /**
   * @returns once the delivery has succeeded, now or before
   * @throws {CoinflowWebhookBusyError} when it runs elsewhere and does not end within four seconds, or its lease was lost
   * @throws {CoinflowWebhookStoreUnavailableError} when the store cannot tell
   * @throws {CoinflowMisconfiguredError} when the store says that it can never tell as it is configured
   * @throws whatever the run throws; the next delivery runs again
   */
  async run<T>(id: string, run: (run: DeliveryRun) => Promise<T>): Promise<DeliveryOutcome<T>> {
    const running = this.#inProcess.get(id);
    if (running) return this.#join(running);
    const attempt = this.#attempt(id, run).finally(() => this.#inProcess.delete(id));
    this.#inProcess.set(id, attempt);
    return attempt;
  }

  async #join(running: Promise<unknown>): Promise<{ repeated: true }> {
    const patience = new AbortController();
    const tooLong = delay(WAIT_MS, 'too long', { signal: patience.signal }).catch(() => undefined);
    try {
      if ((await Promise.race([running.then(() => 'done'), tooLong])) === 'too long') throw busy('still-running');
      return { repeated: true };
    } finally {
      patience.abort();
    }
  }

  async #attempt<T>(id: string, run: (run: DeliveryRun) => Promise<T>): Promise<DeliveryOutcome<T>> {
    const deadline = performance.now() + WAIT_MS;
    for (let pauseMs = POLL_FROM_MS; ; pauseMs = Math.min(pauseMs * 2, POLL_TO_MS)) {
      const claimedAt = performance.now();
      const claim = await this.#ask(() => this.#store.claim(id, LEASE_MS));
      if (claim.state === 'done') return { repeated: true };
      if (claim.state === 'won') return { repeated: false, value: await this.#runClaimed(id, claim, claimedAt, run) };
      if (performance.now() + pauseMs > deadline) throw busy('running-elsewhere');
      await delay(pauseMs);
    }
  }

  async #runClaimed<T>(
    id: string,
    { token, fencingToken }: DeliveryClaim & { state: 'won' },
    claimedAt: number,
    run: (run: DeliveryRun) => Promise<T>,
  ): Promise<T> {
    const lease = this.#leases.hold(id, token, claimedAt);
    try {
      const value = await run({ fencingToken, signal: lease.signal });
      // Renewed for as long as that takes: an answer that is late must not let another run begin.
      if (!(await this.#ask(() => this.#store.complete(id, token, DELIVERY_MEMORY_MS)))) throw busy('lease-lost');
      return value;
    } catch (error) {
      // A store that is away now lets the lease end by itself.
      await this.#ask(() => this.#store.release(id, token)).catch(() => undefined);
      throw error;
    } finally {
      lease.drop();
    }
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (cause) {
      if (cause instanceof CoinflowMisconfiguredError) throw cause;
      throw new CoinflowWebhookStoreUnavailableError('Whether a delivery was handled before cannot be told', {
        reason: 'store-failed',
        retryAfterMs: RETRY_AFTER_MS,
        ...(cause instanceof Error && { cause }),
      });
    }
  }
}

function busy(reason: string): CoinflowWebhookBusyError {
  return new CoinflowWebhookBusyError('The same delivery of a webhook is running', {
    reason,
    retryAfterMs: RETRY_AFTER_MS,
  });
}
