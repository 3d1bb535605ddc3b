import { isKnown, isProven, type SessionProof } from '../cache/remembered-session.js';

export const VERIFICATION_KINDS = ['knownKeys', 'revalidations', 'newKeys'] as const;

/**
 * For which keys Coinflow is asked. `knownKeys`: keys that were verified or attested before, and whose verification has
 * expired or was withdrawn. `revalidations`: keys whose verification stands, but is too old for a route's `maxAgeMs`.
 * `newKeys`: all others.
 */
export type VerificationKind = (typeof VERIFICATION_KINDS)[number];

export function verificationKind(proof: SessionProof): VerificationKind {
  if (isProven(proof, Infinity)) return 'revalidations';
  return isKnown(proof) ? 'knownKeys' : 'newKeys';
}
