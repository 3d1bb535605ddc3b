/**
 * A store that the replicas of an application share. It is the part of a [Keyv](https://keyv.org) that the package uses, so
 * any Keyv store can be passed. The store is not trusted: reading it reveals no session key and no user, and writing to it
 * authenticates nobody.
 */
export interface CoinflowSharedStore {
  get(key: string): Promise<unknown>;
  /** @param ttlMs the time to live in milliseconds */
  set(key: string, value: string, ttlMs: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  /**
   * The timeout of an operation in milliseconds, from 1 to 1,000. After it, the replica uses its own cache.
   * @default 50
   */
  readonly timeoutMs?: number | undefined;
  /** Shares revocations with all replicas. Without it, a revocation applies only to the replica that makes it. */
  readonly revocations?: RevocationBoard;
  /** Counts the calls of all replicas together. Without it, each replica counts its own. Its methods may reject. */
  readonly budget?: BudgetStore;
  /** Called when the application shuts down, to close what the store has opened. The shutdown waits at most 5 s for it. */
  close?(): void | Promise<void>;
}

/** A revocation as it is shared: sealed, so that others can neither read nor forge it. */
export interface RevocationNotice {
  /** The same for all revocations of one session key or user. */
  readonly name: string;
  readonly value: string;
  /** When the revocation expires, in milliseconds since 1970. Of two with one name, the later one is kept. */
  readonly untilMs: number;
}

/** The callbacks of a {@link RevocationFeed}. */
export interface RevocationListener {
  /** Called for each revocation that is published, and for all stored ones after a connect or reconnect. */
  received(notice: Pick<RevocationNotice, 'name' | 'value'>): void;
  /**
   * Reports whether this replica knows all stored revocations.
   * @param cause why it does not, for the log
   */
  informed(isInformed: boolean, cause?: string): void;
  /** The revocations that this replica has published, to publish them again after the board has lost them. */
  published(): Iterable<RevocationNotice>;
}

/** The connection of one replica to a board. */
export interface RevocationFeed {
  /**
   * Waited for at most 5 s.
   * @returns once the revocation is stored and sent to every connected replica; rejects when that is not certain
   */
  publish(notice: RevocationNotice): Promise<void>;
  close(): void;
}

/** Where replicas publish revocations and receive those of others. */
export interface RevocationBoard {
  /**
   * The startup of the application waits at most 30 s for it.
   * @param board the name of the board; replicas with the same name share revocations
   * @returns once the stored revocations were received, or could not be
   */
  open(board: string, listener: RevocationListener): Promise<RevocationFeed>;
}

/** The result of taking a slot. */
export interface BudgetSlot {
  readonly taken: boolean;
  /** In how many milliseconds the window ends. */
  readonly retryAfterMs: number;
}

/**
 * Counts slots in windows of time. Every method must be atomic. If a method of a shared store rejects, each replica counts on
 * its own.
 */
export interface BudgetStore {
  /**
   * Takes one slot if the window has one left. A window begins with its first slot.
   * @param name 43 characters of base64url, which reveal no session key and no address
   * @param limit how many slots a window has
   * @param windowMs how long a window is
   */
  take(name: string, limit: number, windowMs: number): Promise<BudgetSlot>;
  /** Gives a slot of the current window back. It must not give back more slots than were taken. */
  giveBack(name: string): Promise<void>;
}

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
