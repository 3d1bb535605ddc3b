import type { BudgetStore } from './budget-store.js';

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
