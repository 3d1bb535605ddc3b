import type { CoinflowBlockchain } from '../options/blockchains.js';
import { CoinflowSession } from '../session/coinflow-session.js';
import type { CoinflowSubject } from '../session/subject.js';

const DAY_SECONDS = 86_400;

/** Whose session a test wants: a user's or a wallet's, and what else should differ from the usual. */
export type TestSessionOptions = ({ userId: string } | { wallet: string; blockchain: CoinflowBlockchain }) & {
  /** @default 'test-merchant' */
  merchantId?: string;
  /** @default now */
  issuedAt?: Date;
  /** @default 24 hours after `issuedAt` */
  expiresAt?: Date;
  /** @default a text that no Coinflow accepts */
  key?: string;
};

/**
 * A session as the guard would attach it, for tests of handlers and services that take one. No Coinflow is involved.
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

/** As {@link createTestSession}, for the most usual case. */
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
