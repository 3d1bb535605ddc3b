/** What the emulator must know of the wallets of a kind of chain. */
export interface Chain {
  /** Whether such a wallet can exist here. */
  isWallet(address: string): boolean;
  /** The same text for every way to write a wallet. */
  canonical(address: string): string;
  /** Whether the wallet has signed the message. `false`, too, for what is no signature at all. */
  isSignedBy(address: string, message: string, signature: string): boolean;
}

/** What `decode` gives when it has the right length; `undefined` for text that it does not take. */
export function decodeExactly(length: number, decode: () => Uint8Array): Uint8Array | undefined {
  try {
    const bytes = decode();
    return bytes.length === length ? bytes : undefined;
  } catch {
    return undefined;
  }
}
