import type { BudgetStore } from './budget-store.js';

/**
 * Where instances of an application keep what they share: as much of a [Keyv](https://keyv.org) as is used, so that any
 * of its stores will do. It is not trusted: whoever reads it learns no session key and no payer, and whoever writes to it
 * gets nobody in.
 */
export interface CoinflowSharedStore {
  get(key: string): Promise<unknown>;
  /** @param ttlMs for how long, in milliseconds */
  set(key: string, value: string, ttlMs: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  /**
   * After how many milliseconds an operation is given up, and the instance goes by what it knows itself; from 1 to 1,000.
   * @default 50
   */
  readonly timeoutMs?: number | undefined;
  /** What makes revocations reach every instance. Without it they hold in the process that is told. */
  readonly revocations?: RevocationBoard;
  /** What counts the calls of all instances together. Without it each counts its own. It may reject. */
  readonly budget?: BudgetStore;
  /** Called when the application shuts down, which waits 5 s for it at most; for what the store itself has opened. */
  close?(): void | Promise<void>;
}

/** A revocation as it is shared: sealed, so that nobody reads it, and nobody else makes one. */
export interface RevocationNotice {
  /** The same for all revocations of one session key or payer. */
  readonly name: string;
  readonly value: string;
  /** When it need not be known any more, in milliseconds since 1970. Of two of one name the one with the later end stays. */
  readonly untilMs: number;
}

/** What a board tells an instance. */
export interface RevocationListener {
  /** There is a revocation: one that was published, or that stood there when this instance came, or came back. */
  received(notice: Pick<RevocationNotice, 'name' | 'value'>): void;
  /**
   * Whether this instance knows what stands there.
   * @param cause why it does not, for the log
   */
  informed(isInformed: boolean, cause?: string): void;
  /** What this instance has published: said again when the board has forgotten it. */
  published(): Iterable<RevocationNotice>;
}

/** One instance's way to a board. */
export interface RevocationFeed {
  /** @returns once every instance that is there is being told; rejects when that cannot be said. Waited for 5 s at most. */
  publish(notice: RevocationNotice): Promise<void>;
  close(): void;
}

/** Where instances tell each other of revocations. */
export interface RevocationBoard {
  /**
   * @param board its name: instances of one name tell each other
   * @returns once what stands there was told, or cannot be; the start of the application waits 30 s for it at most
   */
  open(board: string, listener: RevocationListener): Promise<RevocationFeed>;
}
