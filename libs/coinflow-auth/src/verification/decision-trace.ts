/**
 * What a decision about a request came from:
 * `request`: the request carries no session key, or two; `claims`: what the key says, without a call; `cache`: this replica's
 * cache; `shared-cache`: another replica's verification; `negative-cache`: a rejection that is remembered; `revocation`: the
 * application revoked the key or its user; `attestation`: this application's own tag; `coinflow`: a call; `coalesced`: the
 * call of a concurrent request; `stale`: an expired verification, while Coinflow is unavailable; `budget`: no call was left.
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

/** Written along the way, so that the guard can count the decision. */
export interface DecisionTrace {
  decidedBy: CoinflowDecidedBy;
}

export function newTrace(): DecisionTrace {
  return { decidedBy: 'request' };
}
