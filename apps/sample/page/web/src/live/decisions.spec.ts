import { describe, expect, it } from '@jest/globals';
import type { DemoDecision } from '../../../backend/demo-api.js';
import { countByBasis, DecisionHistory, describeDecision, describeMarks } from './decision-history.js';
import { basisOf, fateOf, fateOfStatus } from './decision-kinds.js';

function decision(at: number, rest: Partial<DemoDecision> = {}): DemoDecision {
  return {
    at,
    outcome: 'authenticated',
    decidedBy: 'cache',
    code: null,
    handler: 'MeController.me',
    subject: null,
    ...rest,
  };
}

describe('what a decision rests on', () => {
  it.each([
    ['attestation', 'authenticated', 'tag'],
    ['cache', 'authenticated', 'memory'],
    ['shared-cache', 'authenticated', 'memory'],
    ['stale', 'authenticated', 'memory'],
    ['negative-cache', 'unauthenticated', 'memory'],
    ['revocation', 'unauthenticated', 'memory'],
    ['request', 'unauthenticated', 'itself'],
    ['claims', 'unauthenticated', 'itself'],
    ['budget', 'rate-limited', 'budget'],
    ['budget', 'unavailable', 'budget'],
    ['coalesced', 'authenticated', 'shared-call'],
    ['coinflow', 'authenticated', 'call'],
    ['coinflow', 'unauthenticated', 'call'],
  ] as const)('%s, %s: %s', (decidedBy, outcome, basis) => {
    expect(basisOf(decidedBy, outcome)).toBe(basis);
  });

  it('on nothing, when Coinflow was to be asked and has not answered', () => {
    expect(basisOf('coinflow', 'unavailable')).toBe('away');
    expect(basisOf('coalesced', 'unavailable')).toBe('away');
  });
});

describe('what became of a request', () => {
  it('by its decision', () => {
    expect(fateOf('authenticated')).toBe('let-in');
    expect(fateOf('anonymous')).toBe('anonymous');
    expect(fateOf('misconfigured')).toBe('undecided');
  });

  it.each([
    [200, 'let-in'],
    [201, 'let-in'],
    [401, 'refused'],
    [403, 'refused'],
    [429, 'limited'],
    [503, 'undecided'],
    [0, 'undecided'],
  ])('by its status %d: %s', (status, fate) => {
    expect(fateOfStatus(status)).toBe(fate);
  });
});

describe('the words for a decision', () => {
  const at = new Date(2026, 0, 1, 10, 22, 3).getTime();

  it('say when, where, who, what became of it, and what it rests on', () => {
    expect(describeDecision(decision(at, { subject: { kind: 'user', userId: 'alice' } }))).toBe(
      '10:22:03, MeController.me, alice: let in. Memory: This key was proven or refused before, and that is remembered. No call.',
    );
  });

  it('leave out what is not known', () => {
    const refused = {
      outcome: 'unauthenticated',
      decidedBy: 'claims',
      code: 'COINFLOW_SESSION_KEY_EXPIRED',
      handler: null,
    } as const;
    expect(describeDecision(decision(at, refused))).toMatch(
      /^10:22:03: refused: 401, 403, COINFLOW_SESSION_KEY_EXPIRED\. The key itself: /,
    );
  });
});

describe('the history of decisions', () => {
  it('finds one by its number, as long as it is kept', () => {
    const history = new DecisionHistory();
    history.add([decision(1), decision(2)]);
    expect([history.numbered(0)?.at, history.numbered(1)?.at, history.numbered(2)]).toEqual([1, 2, undefined]);
    history.add(Array.from({ length: 20_000 }, (_, index) => decision(3 + index)));
    expect([history.numbered(0), history.numbered(20_001)?.at]).toEqual([undefined, 20_002]);
  });

  it('gives the latest, and those since a time, oldest first', () => {
    const history = new DecisionHistory();
    history.add([decision(1), decision(2)]);
    history.add([decision(3, { decidedBy: 'coinflow' })]);
    expect(history.total).toBe(3);
    expect(history.latest(2).map(({ at }) => at)).toEqual([2, 3]);
    expect(history.latestMarks(1)).toEqual([{ at: 3, basis: 'call', fate: 'let-in' }]);
    expect(history.marksSince(2).map(({ at }) => at)).toEqual([2, 3]);
    expect(history.marksSince(4)).toEqual([]);
  });

  it('forgets the oldest, and counts them all the same', () => {
    const history = new DecisionHistory();
    for (let second = 0; second < 20; second += 1) history.add(Array.from({ length: 1_000 }, () => decision(second)));
    expect(history.total).toBe(20_000);
    expect(history.marksSince(0)).toHaveLength(12_000);
    expect(history.latest(1)).toEqual([decision(19)]);
  });

  it('is described in words', () => {
    const history = new DecisionHistory();
    expect(describeMarks(history.latestMarks(10))).toBe('nothing yet');
    history.add([decision(1), decision(2), decision(3, { decidedBy: 'coinflow' })]);
    expect(describeMarks(history.latestMarks(10))).toBe('Memory: 2, Asked Coinflow: 1');
    expect(countByBasis(history.latestMarks(10))).toMatchObject({ memory: 2, call: 1, tag: 0 });
  });
});
