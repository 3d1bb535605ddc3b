import {
  CoinflowMisconfiguredError,
  CoinflowWebhookBusyError,
  CoinflowWebhookStoreUnavailableError,
} from '../../errors/coinflow-auth.errors.js';
import { DELIVERY_MEMORY_MS } from '../../options/webhook-options.js';
import type { DeliveryClaim, DeliveryStore } from '../../options/delivery-store.js';
import { NoAnswerError, answerBy, newDeadline, type Deadline } from './deadline.js';
import { LEASE_MS, LeaseKeeper, type HeldLease } from './lease-keeper.js';

const POLL_FROM_MS = 25;
const POLL_TO_MS = 250;
const RETRY_AFTER_MS = 5_000;
/** For how long a store is waited for; that in Redis gives up by itself after one second. */
const STORE_TIMEOUT_MS = 2_000;
const COMPLETE_AGAIN_FROM_MS = 100;
const COMPLETE_AGAIN_TO_MS = 1_000;

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
   * @param deadline until when to wait for a run elsewhere; four seconds from now unless it is given
   * @returns once the delivery has succeeded, now or before
   * @throws {CoinflowWebhookBusyError} when it runs elsewhere and does not end within four seconds, or its lease was lost
   * @throws {CoinflowWebhookStoreUnavailableError} when the store cannot tell
   * @throws {CoinflowMisconfiguredError} when the store says that it can never tell as it is configured
   * @throws whatever the run throws; the next delivery runs again
   */
  async run<T>(
    id: string,
    run: (run: DeliveryRun) => Promise<T>,
    deadline = newDeadline(),
  ): Promise<DeliveryOutcome<T>> {
    const running = this.#inProcess.get(id);
    if (running) return this.#join(running, deadline);
    const attempt = this.#attempt(id, run, deadline).finally(() => this.#inProcess.delete(id));
    this.#inProcess.set(id, attempt);
    return attempt;
  }

  /**
   * Forgets that an event has succeeded.
   * @param event the part of the ids before the dot
   * @throws {CoinflowWebhookStoreUnavailableError} when the store cannot
   */
  async forget(event: string): Promise<void> {
    await this.#ask(() => this.#store.forget(event));
  }

  async #join(running: Promise<unknown>, deadline: Deadline): Promise<{ repeated: true }> {
    try {
      await answerBy(deadline, () => running);
      return { repeated: true };
    } catch (error) {
      throw error instanceof NoAnswerError ? busy('still-running') : error;
    }
  }

  async #attempt<T>(
    id: string,
    run: (run: DeliveryRun) => Promise<T>,
    deadline: Deadline,
  ): Promise<DeliveryOutcome<T>> {
    for (let pauseMs = POLL_FROM_MS; ; pauseMs = Math.min(pauseMs * 2, POLL_TO_MS)) {
      const claimedAt = performance.now();
      const claim = await this.#claim(id);
      if (claim.state === 'done') return { repeated: true };
      if (claim.state === 'won') return { repeated: false, value: await this.#runClaimed(id, claim, claimedAt, run) };
      if (performance.now() + pauseMs > deadline) throw busy('running-elsewhere');
      await pause(pauseMs);
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
      if (!(await this.#complete(id, token, lease))) throw busy('lease-lost');
      return value;
    } catch (error) {
      // A store that is away now lets the lease end by itself.
      await this.#ask(() => this.#store.release(id, token)).catch(() => undefined);
      throw error;
    } finally {
      lease.drop();
    }
  }

  async #claim(id: string): Promise<DeliveryClaim> {
    const claimed = (async () => this.#store.claim(id, LEASE_MS))();
    try {
      return await this.#ask(() => claimed);
    } catch (error) {
      // Won when nobody waits for it any more, it would hold up the next delivery for a lease.
      claimed
        .then((late) => (late.state === 'won' ? this.#store.release(id, late.token) : undefined))
        .catch(() => undefined);
      throw error;
    }
  }

  /** Again while the lease lasts: a run whose success is not remembered would run a second time. */
  async #complete(id: string, token: string, lease: HeldLease): Promise<boolean> {
    const leaseEndsAt = performance.now() + LEASE_MS;
    for (let pauseMs = COMPLETE_AGAIN_FROM_MS; ; pauseMs = Math.min(pauseMs * 2, COMPLETE_AGAIN_TO_MS)) {
      try {
        return await this.#ask(() => this.#store.complete(id, token, DELIVERY_MEMORY_MS));
      } catch (error) {
        if (lease.signal.aborted || performance.now() + pauseMs > leaseEndsAt) throw error;
      }
      await pause(pauseMs);
    }
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await answerBy(performance.now() + STORE_TIMEOUT_MS, question);
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function busy(reason: string): CoinflowWebhookBusyError {
  return new CoinflowWebhookBusyError('The same delivery of a webhook is running', {
    reason,
    retryAfterMs: RETRY_AFTER_MS,
  });
}
