/** What a claim of a delivery is answered. */
export type DeliveryClaim =
  /** It is the caller's to run. */
  | {
      readonly state: 'won';
      /** Proves to the store that the lease is the caller's. */
      readonly token: string;
      /**
       * Grows with every claim that is won of this delivery, also across a restart of the store: what writes only if it is not
       * lower keeps a late run out. Microseconds since 1970 will do, or one more than the last if that is more.
       */
      readonly fencingToken: number;
    }
  /** Somebody runs it, and has a lease. */
  | { readonly state: 'running' }
  /** It has succeeded before. */
  | { readonly state: 'done' };

/**
 * Remembers which deliveries of webhooks run and which have succeeded, so that a repeat does not run again. For a store of
 * your own: every method must be atomic, and must reject when it cannot tell; with a `CoinflowMisconfiguredError` when it never can as it
 * is configured. The suite that the package's own stores pass is
 * `test/delivery-store-contract.ts` in its repository.
 */
export interface DeliveryStore {
  /**
   * Gives a delivery to one caller, until the lease ends.
   * @param id up to 100 characters: one word of base64url for the event, a dot, and another for what handles it
   * @param leaseMs for how long, in milliseconds, unless it is renewed
   */
  claim(id: string, leaseMs: number): Promise<DeliveryClaim>;
  /**
   * Makes the caller's lease end `leaseMs` from now.
   * @returns whether it was still the caller's
   */
  renew(id: string, token: string, leaseMs: number): Promise<boolean>;
  /**
   * Remembers for `keepMs` that the delivery has succeeded.
   * @returns whether it is known to have; not when somebody else has a lease by now
   */
  complete(id: string, token: string, keepMs: number): Promise<boolean>;
  /** Gives the delivery back, to whoever claims it next; does nothing unless the lease is the caller's. */
  release(id: string, token: string): Promise<void>;
  /**
   * Forgets every delivery of an event that has succeeded, so that the event runs when it comes again. One that runs keeps its lease.
   * @param event the part of the ids before the dot
   */
  forget(event: string): Promise<void>;
  /**
   * Called when the application starts, which does not wait for it: connects, and finds out what is wrong before the first webhook
   * arrives. What it rejects with is logged.
   */
  open?(): void | Promise<void>;
  /** Whether deliveries can be remembered, as far as is known; `undefined` where it is not known. For health checks. */
  readonly isAvailable?: boolean | undefined;
  /** Called when the application shuts down; for what the store itself has opened. */
  close?(): void | Promise<void>;
}
