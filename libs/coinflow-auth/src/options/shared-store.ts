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
}
