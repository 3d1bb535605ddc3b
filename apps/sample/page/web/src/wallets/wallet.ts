/** Somebody who can sign a message with the key of an address. */
export interface Wallet {
  readonly address: string;
  readonly blockchain: 'solana' | 'eth';
  /** @returns the signature as Coinflow takes it: base58 for Solana, `0x` hex of r, s and v for EVM chains */
  readonly sign: (message: string) => Promise<string>;
}

/** A way to get at a wallet. */
export interface WalletOffer {
  readonly id: string;
  readonly name: string;
  /** Whether it signs without asking anybody, so that an ended session can be renewed silently. */
  readonly isThrowAway: boolean;
  readonly open: () => Promise<Wallet>;
}
