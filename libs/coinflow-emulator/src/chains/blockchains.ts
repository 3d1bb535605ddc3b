import { httpError } from '../http-error.js';
import type { Chain, Wallet } from './chain.js';
import { evm } from './evm.js';
import { solana } from './solana.js';
import { stellar } from './stellar.js';

const CHAINS = new Map<string, Chain>([
  ['solana', solana],
  ['stellar', stellar],
  ...['eth', 'polygon', 'base', 'arbitrum', 'monad', 'tempo'].map((name): [string, Chain] => [name, evm]),
]);

/** @throws `HttpError` for an unknown blockchain */
export function chainOf(blockchain: string): Chain {
  const chain = CHAINS.get(blockchain);
  if (!chain) throw httpError(401, `x-coinflow-auth-blockchain must be one of ${[...CHAINS.keys()].join(', ')}`);
  return chain;
}

/**
 * The wallets with an address: usually one, but one for each chain if it is an EVM address.
 * @param blockchain limits the result to this blockchain
 * @throws `HttpError` if the address is valid on none
 */
export function walletsOf(address: string, blockchain: string | undefined): [Wallet, ...Wallet[]] {
  if (blockchain !== undefined) return [walletOf(address, blockchain)];
  const [first, ...others] = [...CHAINS]
    .filter(([, chain]) => chain.isWallet(address))
    .map(([name, chain]): Wallet => ({ address, blockchain: name, chain }));
  if (!first)
    throw httpError(401, `x-coinflow-auth-wallet is not a valid address on any of ${[...CHAINS.keys()].join(', ')}`);
  return [first, ...others];
}

/** @throws `HttpError` if the address is not valid on the blockchain */
export function walletOf(address: string, blockchain: string): Wallet {
  const chain = chainOf(blockchain);
  if (!chain.isWallet(address)) throw httpError(401, `x-coinflow-auth-wallet is not a valid address on ${blockchain}`);
  return { address, blockchain, chain };
}
