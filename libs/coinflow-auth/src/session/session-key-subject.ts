import { CoinflowInvalidArgumentError } from '../errors/coinflow-auth.errors.js';
import { COINFLOW_BLOCKCHAINS, type KnownBlockchain } from '../options/blockchains.js';
import { headerValueProblem } from '../util/header-value.js';
import type { CoinflowSubject } from './subject.js';
import { walletAddressProblem } from './wallet-address.js';

const MAX_SIGNED_MESSAGE_LENGTH = 2_048;
const SIGNED_MESSAGE_RULE = `must be 1 to ${MAX_SIGNED_MESSAGE_LENGTH} visible ASCII characters`;

/** A user whom the application itself has logged in. */
export interface SessionKeyUser {
  /** 1 to 256 visible ASCII characters. From the application's own login, never from the request's body or query. */
  userId: string;
  wallet?: never;
  blockchain?: never;
}

/** A wallet that the application itself knows to be the payer's. */
export interface SessionKeyWallet {
  /** The wallet's address: checked against its chain before anything is sent. */
  wallet: string;
  blockchain: KnownBlockchain;
  userId?: never;
}

/** A wallet that proves by its signature that it is the payer's; the API key plays no part. */
export interface SignedWallet {
  /** The wallet's address: checked against its chain before anything is sent. */
  wallet: string;
  blockchain: KnownBlockchain;
  /**
   * The wallet's signature over the message of `getMessage()`, at most 2,048 characters: base58 on Solana, `0x` and hex
   * on EVM chains (`personal_sign`), base64 on Stellar.
   */
  signedMessage: string;
}

/** For whom your API key vouches: a user or a wallet that the application itself has logged in. */
export type SessionKeySubject = SessionKeyUser | SessionKeyWallet;

/** Whose session keys to revoke: as for a session key, or the `subject` of a session. */
export type SubjectToRevoke = SessionKeySubject | CoinflowSubject;

/** What Coinflow is asked for, checked. */
export interface IssuanceRequest {
  readonly subject: CoinflowSubject;
  readonly signedMessage?: string;
}

/**
 * Takes `userId`, or `wallet` and `blockchain`, and nothing beside them. The API key vouches for whoever is named here, so
 * what a client has sent must not get in: a body whose `signedMessage` is missing would make a session for any wallet.
 * @throws {CoinflowInvalidArgumentError} that names what cannot be
 */
export function checkSubject(given: SessionKeySubject): IssuanceRequest {
  // From JavaScript it may be anything.
  const { userId, wallet, blockchain } = Object(given) as Partial<Record<string, unknown>>;
  const names = namesIn(given);
  if (names.has('signedMessage')) {
    throw new CoinflowInvalidArgumentError('signedMessage', 'must be given to createSessionKeyWithSignature()');
  }
  if (names.has('wallet') || names.has('blockchain')) {
    if (names.has('userId'))
      throw new CoinflowInvalidArgumentError('userId', 'must not be given together with a wallet');
    assertNothingBeside(names, ['wallet', 'blockchain']);
    return { subject: checkWallet(wallet, blockchain) };
  }
  const problem = headerValueProblem(userId);
  if (problem) throw new CoinflowInvalidArgumentError('userId', problem);
  assertNothingBeside(names, ['userId']);
  return { subject: Object.freeze({ kind: 'user', userId: userId as string }) };
}

/** @throws {CoinflowInvalidArgumentError} that names what is missing, or cannot be */
export function checkSignedWallet(given: SignedWallet): IssuanceRequest & { readonly signedMessage: string } {
  const { wallet, blockchain, signedMessage } = Object(given) as Partial<Record<string, unknown>>;
  const subject = checkWallet(wallet, blockchain);
  const problem = headerValueProblem(signedMessage, MAX_SIGNED_MESSAGE_LENGTH, SIGNED_MESSAGE_RULE);
  if (problem) throw new CoinflowInvalidArgumentError('signedMessage', problem);
  return { subject, signedMessage: signedMessage as string };
}

/** Also of a property whose value is `undefined`, and of one that is inherited. */
function namesIn(given: unknown): Set<string> {
  const names = new Set<string>();
  for (const name in Object(given)) names.add(name);
  return names;
}

/** The names are not repeated: a client may have chosen them. */
function assertNothingBeside(names: Set<string>, allowed: readonly string[]): void {
  if ([...names].every((name) => allowed.includes(name))) return;
  throw new CoinflowInvalidArgumentError('subject', `must have ${allowed.join(' and ')} and no other property`);
}

/**
 * Less strict than {@link checkSubject}: what a session key says must be revocable, though it be a chain of tomorrow.
 * @throws {CoinflowInvalidArgumentError} that names what cannot be
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

/** @throws {CoinflowInvalidArgumentError} that names what cannot be */
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
