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

/** A blockchain that this version can check wallets of. */
export type KnownBlockchain = (typeof COINFLOW_BLOCKCHAINS)[number];

/** A blockchain's name as Coinflow writes it. Open, so that a chain added tomorrow locks nobody out. */
export type CoinflowBlockchain = KnownBlockchain | (string & {});
