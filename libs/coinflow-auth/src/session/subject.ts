import type { CoinflowBlockchain } from '../options/blockchains.js';
import type { CoinflowRoutePolicy } from '../options/route-metadata.js';
import { isSameWallet } from './wallet-address.js';

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

/** Whether a payer is one of those that a route is for. */
export function isSubjectAllowed(
  subject: CoinflowSubject | null,
  { subject: kind, blockchains }: Pick<CoinflowRoutePolicy, 'subject' | 'blockchains'>,
): boolean {
  if (kind !== undefined && subject?.kind !== kind) return false;
  return blockchains === undefined || (subject?.kind === 'wallet' && blockchains.includes(subject.blockchain));
}

/** Whether both are the same payer. */
export function isSameSubject(a: CoinflowSubject, b: CoinflowSubject): boolean {
  if (a.kind === 'user') return b.kind === 'user' && a.userId === b.userId;
  return b.kind === 'wallet' && a.blockchain === b.blockchain && isSameWallet(a.wallet, b.wallet);
}
