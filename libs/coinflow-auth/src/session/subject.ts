/** The blockchains that Coinflow knows wallets of. */
export const COINFLOW_BLOCKCHAINS = [
  'solana',
  'eth',
  'polygon',
  'base',
  'arbitrum',
  'stellar',
  'monad',
  'tempo',
] as const;

/** A blockchain's name as Coinflow writes it. Open, so that a chain added tomorrow locks nobody out. */
export type CoinflowBlockchain = (typeof COINFLOW_BLOCKCHAINS)[number] | (string & {});

/** A payer whom the merchant knows by an id of its own. */
export interface CoinflowUserSubject {
  readonly kind: 'user';
  /** The merchant's own id of the user. */
  readonly userId: string;
}

/** A payer whom the merchant knows by a wallet. */
export interface CoinflowWalletSubject {
  readonly kind: 'wallet';
  /** The wallet's address. */
  readonly wallet: string;
  readonly blockchain: CoinflowBlockchain;
}

/** Whose session it is. */
export type CoinflowSubject = CoinflowUserSubject | CoinflowWalletSubject;

/** Whether both are the same payer. */
export function isSameSubject(a: CoinflowSubject, b: CoinflowSubject): boolean {
  if (a.kind === 'user') return b.kind === 'user' && a.userId === b.userId;
  return b.kind === 'wallet' && a.wallet === b.wallet && a.blockchain === b.blockchain;
}
