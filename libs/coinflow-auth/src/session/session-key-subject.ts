import { CoinflowInvalidArgumentError } from '../errors/coinflow-auth.errors.js';
import { COINFLOW_BLOCKCHAINS, type KnownBlockchain } from '../options/blockchains.js';
import { HEADER_VALUE_RULE, isHeaderValue } from '../options/header-value.js';
import type { CoinflowSubject } from './subject.js';
import { walletAddressProblem } from './wallet-address.js';

const MAX_SIGNED_MESSAGE_LENGTH = 2_048;

/** A user whom the application itself has logged in. */
export interface UserToMint {
  /** 1 to 256 visible ASCII characters. From the application's own login, never from the request's body or query. */
  userId: string;
  wallet?: never;
  blockchain?: never;
  signedMessage?: never;
}

/** A wallet that the application itself knows to be the payer's. */
export interface WalletToMint {
  /** The wallet's address: checked against its chain before anything is sent. */
  wallet: string;
  blockchain: KnownBlockchain;
  userId?: never;
  signedMessage?: never;
}

/** A wallet that proves by its signature that it is the payer's; the API key plays no part. */
export interface SignedWalletToMint {
  /** The wallet's address: checked against its chain before anything is sent. */
  wallet: string;
  blockchain: KnownBlockchain;
  /**
   * The wallet's signature over the message of `getMessage()`, at most 2,048 characters: base58 on Solana, `0x` and hex
   * on EVM chains (`personal_sign`), base64 on Stellar.
   */
  signedMessage: string;
  userId?: never;
}

/** Whom a session key is for, in exactly one of three ways. */
export type SessionKeySubject = UserToMint | WalletToMint | SignedWalletToMint;

/** Whom to ask a message to sign for. */
export type WalletToSign = Omit<WalletToMint, 'signedMessage'>;

/** Whose session keys to revoke: as for minting, or the `subject` of a session. */
export type PayerToRevoke = UserToMint | Omit<WalletToMint, 'signedMessage'> | CoinflowSubject;

/** What Coinflow is asked for, checked. */
export interface MintRequest {
  readonly subject: CoinflowSubject;
  readonly signedMessage?: string;
}

/** @throws {CoinflowInvalidArgumentError} that names what cannot be */
export function checkSubject(given: SessionKeySubject): MintRequest {
  // From JavaScript it may be anything.
  const { userId, wallet, blockchain, signedMessage } = Object(given) as Partial<Record<string, unknown>>;
  if (wallet === undefined && blockchain === undefined && signedMessage === undefined) {
    if (!isHeaderValue(userId)) throw new CoinflowInvalidArgumentError('userId', HEADER_VALUE_RULE);
    return { subject: Object.freeze({ kind: 'user', userId }) };
  }
  if (userId !== undefined)
    throw new CoinflowInvalidArgumentError('userId', 'must not be given together with a wallet');
  const subject = checkWallet(wallet, blockchain);
  if (signedMessage === undefined) return { subject };
  if (!isHeaderValue(signedMessage, MAX_SIGNED_MESSAGE_LENGTH)) {
    throw new CoinflowInvalidArgumentError('signedMessage', 'must be 1 to 2048 visible ASCII characters');
  }
  return { subject, signedMessage };
}

/**
 * Less strict than {@link checkSubject}: what a session key says must be revocable, though it be a chain of tomorrow.
 * @throws {CoinflowInvalidArgumentError} that names what cannot be
 */
export function checkPayer(given: PayerToRevoke): CoinflowSubject {
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
