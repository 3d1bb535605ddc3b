import { refused } from '../refusal.js';
import type { Chain } from './chain.js';
import { evm } from './evm.js';
import { solana } from './solana.js';
import { stellar } from './stellar.js';

const CHAINS = new Map<string, Chain>([
  ['solana', solana],
  ['stellar', stellar],
  ...['eth', 'polygon', 'base', 'arbitrum', 'monad', 'tempo'].map((name): [string, Chain] => [name, evm]),
]);

/** A wallet that can exist on its chain. */
export interface Wallet {
  readonly address: string;
  readonly blockchain: string;
  readonly chain: Chain;
}

/** @throws {Refusal} for a chain that Coinflow does not know; `user` says that there is no wallet. */
export function chainOf(blockchain: string): Chain {
  const chain = CHAINS.get(blockchain);
  if (!chain) throw refused(401, `x-coinflow-auth-blockchain must be one of ${[...CHAINS.keys()].join(', ')}`);
  return chain;
}

/**
 * The wallets that an address can be: one, or one for each EVM chain, since these have the same addresses.
 * @param blockchain only this one
 * @throws {Refusal} when there is none
 */
export function walletsOf(address: string, blockchain: string | undefined): [Wallet, ...Wallet[]] {
  if (blockchain !== undefined) return [walletOf(address, blockchain)];
  const [first, ...others] = [...CHAINS]
    .filter(([, chain]) => chain.isWallet(address))
    .map(([name, chain]): Wallet => ({ address, blockchain: name, chain }));
  if (!first) throw refused(401, `x-coinflow-auth-wallet is no wallet of ${[...CHAINS.keys()].join(', ')}`);
  return [first, ...others];
}

/** @throws {Refusal} for a wallet that cannot be one of the chain */
export function walletOf(address: string, blockchain: string): Wallet {
  const chain = chainOf(blockchain);
  if (!chain.isWallet(address)) throw refused(401, `x-coinflow-auth-wallet is no wallet of ${blockchain}`);
  return { address, blockchain, chain };
}
