import { CoinflowSubjectNotAllowedError } from '../errors/coinflow-auth.errors.js';
import { canonicalWallet, type CoinflowBlockchain } from './wallet-address.js';

/** A user whom the merchant identifies by an id of its own. */
export interface CoinflowUserSubject {
  readonly kind: 'user';
  /** The merchant's id of the user. */
  readonly userId: string;
}

/** A user whom the merchant identifies by a wallet. */
export interface CoinflowWalletSubject {
  readonly kind: 'wallet';
  /** The wallet's address. */
  readonly wallet: string;
  readonly blockchain: CoinflowBlockchain;
}

/** The user or wallet of a session. */
export type CoinflowSubject = CoinflowUserSubject | CoinflowWalletSubject;

/** The subjects that a route accepts. */
interface SubjectPolicy {
  readonly subject?: CoinflowSubject['kind'];
  readonly blockchains?: readonly CoinflowBlockchain[];
}

/** @throws {@link CoinflowSubjectNotAllowedError} when the policy does not accept the session's subject */
export function assertSubjectAllowed(
  session: { readonly subject: CoinflowSubject | null },
  { subject: kind, blockchains }: SubjectPolicy,
): void {
  if (kind === undefined && blockchains === undefined) return;
  const { subject } = session;
  const isKind = kind === undefined || subject?.kind === kind;
  const isOnChain =
    blockchains === undefined || (subject?.kind === 'wallet' && blockchains.includes(subject.blockchain));
  if (isKind && isOnChain) return;
  throw new CoinflowSubjectNotAllowedError('The route requires another kind of subject', {
    reason: 'subject-not-allowed',
  });
}

/** Whether both are the same user or wallet. */
export function isSameSubject(a: CoinflowSubject, b: CoinflowSubject): boolean {
  return subjectName(a) === subjectName(b);
}

/** A unique name of the subject, for keys of maps. All spellings of one wallet have the same name. */
export function subjectName(subject: CoinflowSubject): string {
  if (subject.kind === 'user') return `user ${subject.userId}`;
  // The length marks the end of the blockchain's name, which can contain any character.
  return `wallet ${subject.blockchain.length} ${subject.blockchain} ${canonicalWallet(subject.wallet)}`;
}
