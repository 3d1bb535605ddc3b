import type { CoinflowDecidedBy, CoinflowDecisionOutcome } from 'nestjs-coinflow-auth';

/** A group of `decidedBy` values: a lane of the timeline and a colour. */
export type DecisionGroup = 'attestation' | 'cache' | 'claims' | 'budget' | 'coalesced' | 'coinflow' | 'unavailable';

/** A group of outcomes: the shape of a mark. */
export type OutcomeGroup = 'authenticated' | 'anonymous' | 'rejected' | 'rate-limited' | 'unavailable';

export interface GroupText {
  readonly name: string;
  readonly meaning: string;
}

export const GROUPS: Readonly<Record<DecisionGroup, GroupText>> = {
  attestation: { name: 'Attestation', meaning: 'The attestation in the key shows that this merchant created it.' },
  cache: { name: 'Cache', meaning: 'The key is in the cache as verified, rejected or revoked.' },
  claims: { name: 'Claims', meaning: 'The claims show another merchant or an expired key, or there is no key.' },
  budget: { name: 'Budget', meaning: 'The client sends too many invalid keys, or the rate budget is exhausted.' },
  coalesced: { name: 'Coalesced', meaning: 'The request joined the call of another request with the same key.' },
  coinflow: { name: 'Coinflow', meaning: 'Coinflow verified or rejected the key. This is the only group with calls.' },
  unavailable: { name: 'Unavailable', meaning: 'Coinflow is down, or the circuit breaker is open.' },
};

/** The lanes from top to bottom. */
export const GROUP_ORDER: readonly DecisionGroup[] = [
  'attestation',
  'cache',
  'claims',
  'budget',
  'coalesced',
  'coinflow',
  'unavailable',
];

export const OUTCOME_GROUPS: Readonly<Record<OutcomeGroup, string>> = {
  authenticated: 'Authenticated',
  anonymous: 'Anonymous',
  rejected: 'Unauthenticated (401), forbidden (403)',
  'rate-limited': 'Rate limited (429)',
  unavailable: 'Unavailable (503)',
};

export const OUTCOMES: Readonly<Record<CoinflowDecisionOutcome, string>> = {
  authenticated: 'Authenticated',
  anonymous: 'Anonymous',
  unauthenticated: 'Unauthenticated (401)',
  forbidden: 'Forbidden (403)',
  'rate-limited': 'Rate limited (429)',
  unavailable: 'Unavailable (503)',
  misconfigured: 'Misconfigured (500)',
};

const GROUP_OF_DECIDED_BY: Readonly<Record<CoinflowDecidedBy, DecisionGroup>> = {
  attestation: 'attestation',
  cache: 'cache',
  'shared-cache': 'cache',
  stale: 'cache',
  'negative-cache': 'cache',
  revocation: 'cache',
  request: 'claims',
  claims: 'claims',
  budget: 'budget',
  coalesced: 'coalesced',
  coinflow: 'coinflow',
};

const GROUP_OF_OUTCOME: Readonly<Record<CoinflowDecisionOutcome, OutcomeGroup>> = {
  authenticated: 'authenticated',
  anonymous: 'anonymous',
  unauthenticated: 'rejected',
  forbidden: 'rejected',
  'rate-limited': 'rate-limited',
  unavailable: 'unavailable',
  misconfigured: 'unavailable',
};

export function groupOf(decidedBy: CoinflowDecidedBy, outcome: CoinflowDecisionOutcome): DecisionGroup {
  const group = GROUP_OF_DECIDED_BY[decidedBy];
  // A call that failed, or that the open circuit breaker prevented, is decided by `coinflow` too.
  return outcome === 'unavailable' && (group === 'coinflow' || group === 'coalesced') ? 'unavailable' : group;
}

export function outcomeGroupOf(outcome: CoinflowDecisionOutcome): OutcomeGroup {
  return GROUP_OF_OUTCOME[outcome];
}

export function outcomeOfStatus(status: number): OutcomeGroup {
  if (status >= 200 && status < 300) return 'authenticated';
  if (status === 429) return 'rate-limited';
  return status >= 400 && status < 500 ? 'rejected' : 'unavailable';
}
