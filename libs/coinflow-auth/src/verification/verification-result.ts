import { CoinflowSessionRevokedError, isCoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import type { AnyCoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import { isRefusedByBudget } from '../budget/budget-statistics.js';
import type { CoinflowSession } from '../session/coinflow-session.js';

/**
 * What a decision about a request came from:
 * - `request`: the request carries no session key, or two.
 * - `claims`: the format or the claims of the key, without a call: malformed, expired, or of another merchant.
 * - `cache`: the cache of this replica.
 * - `shared-cache`: a verification of another replica, in the shared cache.
 * - `negative-cache`: a cached rejection.
 * - `revocation`: your application revoked the key or all keys of its user.
 * - `attestation`: the tag of an attested key.
 * - `coalesced`: the call of a concurrent request with the same key.
 * - `coinflow`: a call to Coinflow.
 * - `stale`: an expired verification, while Coinflow is unavailable (`cache.staleIfErrorMs`).
 * - `budget`: no call was left, for anybody (503) or for this client or user (429).
 */
export type CoinflowDecidedBy = (typeof DECIDED_BY)[number];

export const DECIDED_BY = [
  'request',
  'claims',
  'cache',
  'shared-cache',
  'negative-cache',
  'revocation',
  'attestation',
  'coalesced',
  'coinflow',
  'stale',
  'budget',
] as const;

/** The reason of an error about a tag that this application did not create. */
export const WRONG_TAG = 'wrong-tag';

/** The session of a request, or the reason why it has none, and what that was decided by. */
export type VerificationResult = { readonly decidedBy: CoinflowDecidedBy } & (
  | { readonly session: CoinflowSession; readonly error?: undefined }
  | { readonly session?: undefined; readonly error: AnyCoinflowAuthError }
);

/**
 * The result of a request that is rejected.
 * @param decidedBy unless the error itself says that it was a revocation, the attestation or the budget
 * @throws the error, when it is not one of this package: it is a defect then
 */
export function rejectedWith(error: unknown, decidedBy: CoinflowDecidedBy): VerificationResult {
  if (!isCoinflowAuthError(error)) throw error;
  if (error instanceof CoinflowSessionRevokedError) return { decidedBy: 'revocation', error };
  if (error.reason === WRONG_TAG) return { decidedBy: 'attestation', error };
  return { decidedBy: isRefusedByBudget(error) ? 'budget' : decidedBy, error };
}

/** @throws the error of a rejected request */
export function sessionOrThrow({ session, error }: VerificationResult): CoinflowSession {
  if (error) throw error;
  return session;
}
