/** A prime step visits all keys, and consecutive keys are not neighbours in memory. */
const STRIDE = 7_919;

/**
 * Endless copies of these keys, in an order that mixes them. Every request brings a string of its own, whose hash the engine has not computed
 * yet; a string that is used again would make look-ups seem cheaper than they are.
 */
export class FreshKeys {
  readonly #bytes: readonly Buffer[];
  #next = 0;

  constructor(keys: readonly string[]) {
    this.#bytes = keys.map((key) => Buffer.from(key, 'latin1'));
  }

  take(count: number): string[] {
    return Array.from({ length: count }, () => this.#copy());
  }

  #copy(): string {
    const key = this.#bytes[this.#next] ?? Buffer.alloc(0);
    this.#next = (this.#next + STRIDE) % this.#bytes.length;
    return key.toString('latin1');
  }
}
