import { describe, expect, it } from '@jest/globals';
import type { DemoDecision } from '../../../backend/demo-api.js';
import { groupOf, outcomeGroupOf, outcomeOfStatus } from './decision-groups.js';
import { DecisionHistory, countByGroup, describeDecision, describeMarks } from './decision-history.js';

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

describe('groupOf', () => {
  it.each([
    ['attestation', 'authenticated', 'attestation'],
    ['cache', 'authenticated', 'cache'],
    ['shared-cache', 'authenticated', 'cache'],
    ['stale', 'authenticated', 'cache'],
    ['negative-cache', 'unauthenticated', 'cache'],
    ['revocation', 'unauthenticated', 'cache'],
    ['request', 'unauthenticated', 'claims'],
    ['claims', 'unauthenticated', 'claims'],
    ['budget', 'rate-limited', 'budget'],
    ['budget', 'unavailable', 'budget'],
    ['coalesced', 'authenticated', 'coalesced'],
    ['coinflow', 'authenticated', 'coinflow'],
    ['coinflow', 'unauthenticated', 'coinflow'],
  ] as const)('puts a decision by %s with the outcome %s in the group %s', (decidedBy, outcome, group) => {
    expect(groupOf(decidedBy, outcome)).toBe(group);
  });

  it('puts a failed call in the group of unavailability', () => {
    expect(groupOf('coinflow', 'unavailable')).toBe('unavailable');
    expect(groupOf('coalesced', 'unavailable')).toBe('unavailable');
  });
});

describe('outcomeGroupOf', () => {
  it('puts the outcome of a decision in a group', () => {
    expect(outcomeGroupOf('authenticated')).toBe('authenticated');
    expect(outcomeGroupOf('anonymous')).toBe('anonymous');
    expect(outcomeGroupOf('misconfigured')).toBe('unavailable');
  });

  it.each([
    [200, 'authenticated'],
    [201, 'authenticated'],
    [401, 'rejected'],
    [403, 'rejected'],
    [429, 'rate-limited'],
    [503, 'unavailable'],
    [0, 'unavailable'],
  ])('puts a response with the status %d in the group %s', (status, group) => {
    expect(outcomeOfStatus(status)).toBe(group);
  });
});

describe('describeDecision', () => {
  const at = new Date(2026, 0, 1, 10, 22, 3).getTime();

  it('names the time, the handler, the subject, the outcome and the group of a decision', () => {
    expect(describeDecision(decision(at, { subject: { kind: 'user', userId: 'alice' } }))).toBe(
      '10:22:03, MeController.me, alice: Authenticated. Cache: The key is in the cache as verified, rejected or revoked.',
    );
  });

  it('leaves out an unknown handler and subject', () => {
    const rejected = {
      outcome: 'unauthenticated',
      decidedBy: 'claims',
      code: 'COINFLOW_SESSION_KEY_EXPIRED',
      handler: null,
    } as const;
    expect(describeDecision(decision(at, rejected))).toMatch(
      /^10:22:03: Unauthenticated \(401\), COINFLOW_SESSION_KEY_EXPIRED\. Claims: /,
    );
  });
});

describe('DecisionHistory', () => {
  it('finds a stored decision by its index', () => {
    const history = new DecisionHistory();
    history.add([decision(1), decision(2)]);
    expect([history.at(0)?.at, history.at(1)?.at, history.at(2)]).toEqual([1, 2, undefined]);
    history.add(Array.from({ length: 20_000 }, (_, index) => decision(3 + index)));
    expect([history.at(0), history.at(20_001)?.at]).toEqual([undefined, 20_002]);
  });

  it('returns the latest decisions and those since a time, oldest first', () => {
    const history = new DecisionHistory();
    history.add([decision(1), decision(2)]);
    history.add([decision(3, { decidedBy: 'coinflow' })]);
    expect(history.total).toBe(3);
    expect(history.latest(2).map(({ at }) => at)).toEqual([2, 3]);
    expect(history.latestMarks(1)).toEqual([{ at: 3, group: 'coinflow', outcome: 'authenticated' }]);
    expect(history.marksSince(2).map(({ at }) => at)).toEqual([2, 3]);
    expect(history.marksSince(4)).toEqual([]);
  });

  it('drops the oldest of more than 12,000 decisions and keeps the total', () => {
    const history = new DecisionHistory();
    for (let second = 0; second < 20; second += 1) history.add(Array.from({ length: 1_000 }, () => decision(second)));
    expect(history.total).toBe(20_000);
    expect(history.marksSince(0)).toHaveLength(12_000);
    expect(history.latest(1)).toEqual([decision(19)]);
  });

  it('counts the decisions of each group for the text alternative', () => {
    const history = new DecisionHistory();
    expect(describeMarks(history.latestMarks(10))).toBe('none yet');
    history.add([decision(1), decision(2), decision(3, { decidedBy: 'coinflow' })]);
    expect(describeMarks(history.latestMarks(10))).toBe('Cache: 2, Coinflow: 1');
    expect(countByGroup(history.latestMarks(10))).toMatchObject({ cache: 2, coinflow: 1, attestation: 0 });
  });
});
