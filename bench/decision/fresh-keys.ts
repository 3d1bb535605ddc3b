/**
 * Endless copies of these keys, in turn. Every request brings a string of its own, whose hash the engine has not computed
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
    const key = this.#bytes[this.#next % this.#bytes.length] ?? Buffer.alloc(0);
    this.#next += 1;
    return key.toString('latin1');
  }
}
