import type {
  CoinflowSharedStore,
  RevocationBoard,
  RevocationFeed,
  RevocationListener,
  RevocationNotice,
} from '../src/options/stores.js';

/** A store that several instances share, in one process; what it holds can be read, changed and withheld. */
export class SharedStore implements CoinflowSharedStore {
  readonly entries = new Map<string, { value: string; until: number }>();
  /** What happens before each answer: nothing, a failure, or no answer at all. */
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

  /** Everything that a thief would have. */
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

/** What replicas tell each other of, in one process: at once, and to whoever comes later. */
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

  /** Tells every listener again what stands here, as after a lost connection. */
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
