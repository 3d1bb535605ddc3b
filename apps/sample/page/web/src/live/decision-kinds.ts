import type { CoinflowDecisionOutcome, CoinflowDecidedBy } from 'nestjs-coinflow-auth';

/** What a decision rests on, as the page shows it: a lane of the timeline, and a colour. */
export type Basis = 'tag' | 'memory' | 'itself' | 'budget' | 'shared-call' | 'call' | 'away';

/** What became of a request: the shape of its mark. */
export type Fate = 'let-in' | 'anonymous' | 'refused' | 'limited' | 'undecided';

export interface BasisText {
  readonly name: string;
  readonly meaning: string;
}

/** From top to bottom. */
export const BASES: Readonly<Record<Basis, BasisText>> = {
  tag: { name: 'Own tag', meaning: 'The attested key carries the merchant’s own tag. No call.' },
  memory: { name: 'Memory', meaning: 'This key was proven or refused before, and that is remembered. No call.' },
  itself: {
    name: 'The key itself',
    meaning: 'It says that it is expired or another merchant’s, or there is none. No call.',
  },
  budget: {
    name: 'The budget',
    meaning: 'Too much junk from this address, or the calls of this minute are spent. No call.',
  },
  'shared-call': {
    name: 'Another’s call',
    meaning: 'A request with the same key was already asking, and this one waited for it.',
  },
  call: { name: 'Asked Coinflow', meaning: 'Nothing here could tell, so that Coinflow was asked, and has answered.' },
  away: {
    name: 'Coinflow away',
    meaning: 'It was asked and has not answered, or is left alone for a while. Nobody can tell.',
  },
};

export const BASIS_ORDER: readonly Basis[] = ['tag', 'memory', 'itself', 'budget', 'shared-call', 'call', 'away'];

export const FATES: Readonly<Record<Fate, string>> = {
  'let-in': 'let in',
  anonymous: 'let in without a session',
  refused: 'refused: 401, 403',
  limited: 'too many: 429',
  undecided: 'cannot tell: 503',
};

const BASIS_OF_DECIDED_BY: Readonly<Record<CoinflowDecidedBy, Basis>> = {
  attestation: 'tag',
  cache: 'memory',
  'shared-cache': 'memory',
  stale: 'memory',
  'negative-cache': 'memory',
  revocation: 'memory',
  request: 'itself',
  claims: 'itself',
  budget: 'budget',
  coalesced: 'shared-call',
  coinflow: 'call',
};

const FATE_OF_OUTCOME: Readonly<Record<CoinflowDecisionOutcome, Fate>> = {
  authenticated: 'let-in',
  anonymous: 'anonymous',
  unauthenticated: 'refused',
  forbidden: 'refused',
  'rate-limited': 'limited',
  unavailable: 'undecided',
  misconfigured: 'undecided',
};

export function basisOf(decidedBy: CoinflowDecidedBy, outcome: CoinflowDecisionOutcome): Basis {
  const basis = BASIS_OF_DECIDED_BY[decidedBy];
  // What the module asked, or would have asked had its breaker been closed: no answer is no basis.
  return outcome === 'unavailable' && (basis === 'call' || basis === 'shared-call') ? 'away' : basis;
}

export function fateOf(outcome: CoinflowDecisionOutcome): Fate {
  return FATE_OF_OUTCOME[outcome];
}

/** What became of a request, by the status of its answer. */
export function fateOfStatus(status: number): Fate {
  if (status >= 200 && status < 300) return 'let-in';
  if (status === 429) return 'limited';
  return status >= 400 && status < 500 ? 'refused' : 'undecided';
}
