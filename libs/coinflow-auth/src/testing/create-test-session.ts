import type { CoinflowBlockchain } from '../session/wallet-address.js';
import { CoinflowSession } from '../session/coinflow-session.js';
import type { CoinflowSubject } from '../session/subject.js';

const DAY_SECONDS = 86_400;

/** The subject of a test session, a user or a wallet, and optional other properties. */
export type TestSessionOptions = ({ userId: string } | { wallet: string; blockchain: CoinflowBlockchain }) & {
  /** @default 'test-merchant' */
  merchantId?: string;
  /** @default now */
  issuedAt?: Date;
  /** @default 24 hours after `issuedAt` */
  expiresAt?: Date;
  /** @default 'test-session-key', which Coinflow rejects */
  key?: string;
};

/**
 * Creates a session like those of `@CurrentSession()`, for tests of handlers and services. It does not call Coinflow.
 * @example
 * controller.me(createTestSession({ userId: 'alice' }))
 */
export function createTestSession(options: TestSessionOptions): CoinflowSession {
  const { merchantId = 'test-merchant', issuedAt = new Date(), expiresAt, key = 'test-session-key' } = options;
  const issuedSeconds = toSeconds(issuedAt);
  return new CoinflowSession(key, {
    subject: subjectOf(options),
    merchantId,
    issuedAt: issuedSeconds,
    expiresAt: expiresAt ? toSeconds(expiresAt) : issuedSeconds + DAY_SECONDS,
  });
}

/** Creates a test session of a user. */
export function asUser(userId: string): CoinflowSession {
  return createTestSession({ userId });
}

function subjectOf(options: TestSessionOptions): CoinflowSubject {
  if ('userId' in options) return Object.freeze({ kind: 'user', userId: options.userId });
  return Object.freeze({ kind: 'wallet', wallet: options.wallet, blockchain: options.blockchain });
}

function toSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1_000);
}
