import { isProven, type SessionProof } from '../storage/remembered-session.js';

export const VERIFICATION_KINDS = ['proven', 'forced', 'unknown'] as const;

/**
 * For whom Coinflow is asked: `proven`, a key that was proven before, and whose proof lapsed or was taken back; `forced`, a
 * key whose proof still holds, but not young enough for whoever asks; `unknown`, any other.
 */
export type VerificationKind = (typeof VERIFICATION_KINDS)[number];

export function verificationKind(proof: SessionProof): VerificationKind {
  if (isProven(proof, Infinity)) return 'forced';
  return proof.provenAt === -Infinity ? 'unknown' : 'proven';
}
