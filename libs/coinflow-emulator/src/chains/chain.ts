/** The rules for wallets of one kind of blockchain. */
export interface Chain {
  /** Whether the address is valid. */
  isWallet(address: string): boolean;
  /** The canonical spelling of an address. */
  canonical(address: string): string;
  /** Whether the wallet has signed the message. `false` also for a malformed signature. */
  isSignedBy(address: string, message: string, signature: string): boolean;
}

/** A wallet with a valid address. */
export interface Wallet {
  readonly address: string;
  readonly blockchain: string;
  readonly chain: Chain;
}

/** The decoded bytes; `undefined` if `decode` throws or the length is different. */
export function decodeExactly(length: number, decode: () => Uint8Array): Uint8Array | undefined {
  try {
    const bytes = decode();
    return bytes.length === length ? bytes : undefined;
  } catch {
    return undefined;
  }
}
