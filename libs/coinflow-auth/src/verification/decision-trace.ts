/**
 * What a decision about a request rests on:
 * `memory`: a proof that this process remembers; `shared-memory`: one that the instances share; `attestation`: this application's own tag; `coinflow`: a call;
 * `shared-flight`: a call that another request had made; `stale`: an older proof, while Coinflow cannot be asked;
 * `local`: what the request or its session key says by itself, or that there is none; `refused-from-memory`: a refusal or
 * revocation that this process remembers; `budget`: no call, since none was left for it.
 */
export type CoinflowDecisionSource = (typeof DECISION_SOURCES)[number];

export const DECISION_SOURCES = [
  'memory',
  'shared-memory',
  'attestation',
  'shared-flight',
  'coinflow',
  'stale',
  'local',
  'refused-from-memory',
  'budget',
] as const;

/** Written along the way, so that whoever answers the request can say what the answer rests on. */
export interface DecisionTrace {
  source: CoinflowDecisionSource;
}

export function newTrace(): DecisionTrace {
  return { source: 'local' };
}
