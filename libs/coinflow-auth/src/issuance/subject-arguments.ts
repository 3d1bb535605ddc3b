import { CoinflowInvalidArgumentError } from '../errors/coinflow-auth.errors.js';
import type { SessionKeyRequest } from '../http/coinflow-client.js';
import { headerValueProblem } from '../util/header-value.js';
import type { CoinflowSubject } from '../session/subject.js';
import { COINFLOW_BLOCKCHAINS, walletAddressProblem, type KnownBlockchain } from '../session/wallet-address.js';

// The arguments of `CoinflowAuthService` that name a user or a wallet, and their checks.

const MAX_SIGNED_MESSAGE_LENGTH = 2_048;
const SIGNED_MESSAGE_RULE = `must be 1 to ${MAX_SIGNED_MESSAGE_LENGTH} visible ASCII characters`;

/**
 * A user who has logged in to the application.
 *
 * @inline
 */
export interface SessionKeyUser {
  /** 1 to 256 visible ASCII characters. Take it from the application's own login, never from the body or query of a request. */
  userId: string;
  wallet?: never;
  blockchain?: never;
}

/**
 * A wallet that the application knows to belong to the logged-in user.
 *
 * @inline
 */
export interface SessionKeyWallet {
  /** The wallet's address. Its format is validated before Coinflow is called. */
  wallet: string;
  blockchain: KnownBlockchain;
  userId?: never;
}

/** A wallet whose signature authenticates the user. The API key is not used. */
export interface SignedWallet {
  /** The wallet's address. Its format is validated before Coinflow is called. */
  wallet: string;
  blockchain: KnownBlockchain;
  /**
   * The wallet's signature over the message of `getMessage()`, at most 2,048 characters: base58 on Solana, `0x` and hex
   * on EVM chains (`personal_sign`), base64 on Stellar.
   */
  signedMessage: string;
}

/** The user or wallet that a session key is created for. The application must have authenticated it: the API key vouches for it. */
export type SessionKeySubject = SessionKeyUser | SessionKeyWallet;

/**
 * The user or wallet whose session keys are revoked: as for `createSessionKey()`, or the `subject` of a session.
 *
 * @inline
 */
export type SubjectToRevoke = SessionKeySubject | CoinflowSubject;

/**
 * Accepts `userId`, or `wallet` and `blockchain`, and no other property. The API key vouches for this subject, so it must not come
 * from a client: a request body without its `signedMessage` would create a session key for any wallet.
 * @throws {@link CoinflowInvalidArgumentError} that names the invalid property
 */
export function checkSubject(given: SessionKeySubject): SessionKeyRequest {
  // A caller without types can pass any value.
  const { userId, wallet, blockchain } = Object(given) as Partial<Record<string, unknown>>;
  const names = namesIn(given);
  if (names.has('signedMessage')) {
    throw new CoinflowInvalidArgumentError('signedMessage', 'must be given to createSessionKeyWithSignature()');
  }
  if (names.has('wallet') || names.has('blockchain')) {
    if (names.has('userId'))
      throw new CoinflowInvalidArgumentError('userId', 'must not be given together with a wallet');
    assertNoOther(names, ['wallet', 'blockchain']);
    return { subject: checkWallet(wallet, blockchain) };
  }
  const problem = headerValueProblem(userId);
  if (problem) throw new CoinflowInvalidArgumentError('userId', problem);
  assertNoOther(names, ['userId']);
  return { subject: Object.freeze({ kind: 'user', userId: userId as string }) };
}

/** @throws {@link CoinflowInvalidArgumentError} that names the missing or invalid property */
export function checkSignedWallet(given: SignedWallet): SessionKeyRequest & { readonly signedMessage: string } {
  const { wallet, blockchain, signedMessage } = Object(given) as Partial<Record<string, unknown>>;
  const subject = checkWallet(wallet, blockchain);
  const problem = headerValueProblem(signedMessage, MAX_SIGNED_MESSAGE_LENGTH, SIGNED_MESSAGE_RULE);
  if (problem) throw new CoinflowInvalidArgumentError('signedMessage', problem);
  return { subject, signedMessage: signedMessage as string };
}

/** The names of all properties, also of inherited ones and of those that are `undefined`. */
export function namesIn(given: unknown): Set<string> {
  const names = new Set<string>();
  for (const name in Object(given)) names.add(name);
  return names;
}

/** The message does not contain the names, because a client may have chosen them. */
function assertNoOther(names: Set<string>, allowed: readonly string[]): void {
  if ([...names].every((name) => allowed.includes(name))) return;
  throw new CoinflowInvalidArgumentError('subject', `must have ${allowed.join(' and ')} and no other property`);
}

/**
 * Less strict than {@link checkSubject}: every subject that a session key can name must be revocable, also on a blockchain that this
 * version does not know.
 * @throws {@link CoinflowInvalidArgumentError} that names the invalid property
 */
export function checkSubjectToRevoke(given: SubjectToRevoke): CoinflowSubject {
  const { userId, wallet, blockchain } = Object(given) as Partial<Record<string, unknown>>;
  if (wallet === undefined && blockchain === undefined) {
    return { kind: 'user', userId: requireName('userId', userId) };
  }
  if (userId !== undefined)
    throw new CoinflowInvalidArgumentError('userId', 'must not be given together with a wallet');
  return {
    kind: 'wallet',
    wallet: requireName('wallet', wallet),
    blockchain: requireName('blockchain', blockchain),
  };
}

function requireName(argument: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new CoinflowInvalidArgumentError(argument, 'must be a string that is not empty');
}

/** @throws {@link CoinflowInvalidArgumentError} that names the invalid property */
export function checkWallet(wallet: unknown, blockchain: unknown): Extract<CoinflowSubject, { kind: 'wallet' }> {
  if (!isKnownBlockchain(blockchain)) {
    throw new CoinflowInvalidArgumentError('blockchain', `must be one of ${COINFLOW_BLOCKCHAINS.join(', ')}`);
  }
  const problem = typeof wallet === 'string' ? walletAddressProblem(wallet, blockchain) : 'must be a string';
  if (problem) throw new CoinflowInvalidArgumentError('wallet', problem);
  return Object.freeze({ kind: 'wallet', wallet: wallet as string, blockchain });
}

function isKnownBlockchain(value: unknown): value is KnownBlockchain {
  return COINFLOW_BLOCKCHAINS.includes(value as KnownBlockchain);
}
