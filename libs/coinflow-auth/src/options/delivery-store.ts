/** The result of a claim. */
export type DeliveryClaim =
  /** The caller runs the delivery. */
  | {
      readonly state: 'won';
      /** Identifies the caller's lease in later calls. */
      readonly token: string;
      /**
       * Grows with every won claim of this delivery, also across a restart of the store. A write that stores it and rejects
       * lower ones keeps out a run that has lost its lease. Use the microseconds since 1970, or the last value plus one if that
       * is more.
       */
      readonly fencingToken: number;
    }
  /** Another run has the lease. */
  | { readonly state: 'running' }
  /** The delivery has succeeded before. */
  | { readonly state: 'done' };

/**
 * Records which webhook deliveries run and which have succeeded, so that duplicates do not run again.
 *
 * If you implement your own store, every method must be atomic, and must reject when its result is unknown. Reject with a
 * `CoinflowMisconfiguredError` when the store cannot work as it is configured. The package tests its own stores with
 * `test/delivery-store-contract.ts` in its repository.
 */
export interface DeliveryStore {
  /**
   * Gives the delivery to one caller until its lease expires.
   * @param id up to 100 characters: a base64url string for the event, a dot, and another string for what handles it
   * @param leaseMs the length of the lease in milliseconds
   */
  claim(id: string, leaseMs: number): Promise<DeliveryClaim>;
  /**
   * Makes the caller's lease expire `leaseMs` milliseconds from now.
   * @returns whether the caller still had the lease
   */
  renew(id: string, token: string, leaseMs: number): Promise<boolean>;
  /**
   * Records for `ttlMs` milliseconds that the delivery has succeeded.
   * @returns whether that is recorded; `false` when another caller has the lease by now
   */
  complete(id: string, token: string, ttlMs: number): Promise<boolean>;
  /** Ends the caller's lease, so that the next claim wins. Does nothing unless the caller has the lease. */
  release(id: string, token: string): Promise<void>;
  /**
   * Deletes the records of every succeeded delivery of an event, so that the event can run again. Running deliveries keep
   * their leases.
   * @param event the part of the ids before the dot
   */
  forget(event: string): Promise<void>;
  /**
   * Called when the application starts, which does not wait for it. Connects, and detects problems before the first webhook
   * arrives. A rejection is logged.
   */
  open?(): void | Promise<void>;
  /** Whether deliveries can be recorded, for health checks; `undefined` if that is unknown. */
  readonly isAvailable?: boolean | undefined;
  /** Called when the application shuts down, to close what the store has opened. */
  close?(): void | Promise<void>;
}
