import { CoinflowSubjectNotAllowedError } from '../errors/coinflow-auth.errors.js';
import type { CoinflowBlockchain } from '../options/blockchains.js';
import type { CoinflowRoutePolicy } from '../options/route-policy.js';
import { canonicalWallet } from './wallet-address.js';

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

/** @throws {CoinflowSubjectNotAllowedError} when the policy is for other users or wallets */
export function assertSubjectAllowed(
  subject: CoinflowSubject | null,
  { subject: kind, blockchains }: Pick<CoinflowRoutePolicy, 'subject' | 'blockchains'>,
): void {
  const isKind = kind === undefined || subject?.kind === kind;
  const isOnChain =
    blockchains === undefined || (subject?.kind === 'wallet' && blockchains.includes(subject.blockchain));
  if (isKind && isOnChain) return;
  throw new CoinflowSubjectNotAllowedError('The route wants another kind of payer', { reason: 'subject-not-allowed' });
}

/** Whether both are the same payer. */
export function isSameSubject(a: CoinflowSubject, b: CoinflowSubject): boolean {
  return subjectName(a) === subjectName(b);
}

/** One text for each payer, for keys of maps: the same for all ways to write one wallet, and no other payer's. */
export function subjectName(subject: CoinflowSubject): string {
  if (subject.kind === 'user') return `user ${subject.userId}`;
  // The length says where the chain's name ends, whatever it contains.
  return `wallet ${subject.blockchain.length} ${subject.blockchain} ${canonicalWallet(subject.wallet)}`;
}
