import type { CoinflowSharedStore } from 'nestjs-coinflow-auth';

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
