import type {
  CoinflowSharedStore,
  RevocationBoard,
  RevocationFeed,
  RevocationListener,
  RevocationNotice,
} from '../src/options/store-contracts.js';

/** A shared store in the process. Tests can read and change its entries, and make it fail. */
export class SharedStore implements CoinflowSharedStore {
  readonly entries = new Map<string, { value: string; until: number }>();
  /** Runs before each operation: it can fail, or never end. */
  before: () => Promise<void> = () => Promise.resolve();
  asked = 0;

  async get(key: string): Promise<unknown> {
    await this.#ask();
    const entry = this.entries.get(key);
    return entry && Date.now() < entry.until ? entry.value : undefined;
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    await this.#ask();
    this.entries.set(key, { value, until: Date.now() + ttlMs });
  }

  async delete(key: string): Promise<boolean> {
    await this.#ask();
    return this.entries.delete(key);
  }

  /** Everything that an attacker could read. */
  get text(): string {
    return JSON.stringify(Array.from(this.entries));
  }

  #ask(): Promise<void> {
    this.asked += 1;
    return this.before();
  }
}

export const FAILS = (): Promise<void> => Promise.reject(new Error('ECONNREFUSED'));
export const HANGS = (): Promise<void> => new Promise(() => undefined);

/** A revocation board in the process. It delivers notices at once, and earlier ones to a replica that opens it later. */
export class SharedBoard implements RevocationBoard {
  readonly notices = new Map<string, RevocationNotice>();
  readonly #listeners = new Set<RevocationListener>();

  open(_board: string, listener: RevocationListener): Promise<RevocationFeed> {
    this.#listeners.add(listener);
    this.replayTo(listener);
    listener.informed(true);
    return Promise.resolve({
      publish: (notice) => Promise.resolve(this.#publish(notice)),
      close: () => void this.#listeners.delete(listener),
    });
  }

  /** Delivers all notices to every listener again, as after a lost connection. */
  replay(): void {
    for (const listener of this.#listeners) this.replayTo(listener);
  }

  replayTo(listener: RevocationListener): void {
    for (const notice of this.notices.values()) if (notice.untilMs > Date.now()) listener.received(notice);
  }

  #publish(notice: RevocationNotice): void {
    const known = this.notices.get(notice.name);
    if (!known || known.untilMs <= notice.untilMs) this.notices.set(notice.name, notice);
    for (const listener of this.#listeners) listener.received(notice);
  }
}
