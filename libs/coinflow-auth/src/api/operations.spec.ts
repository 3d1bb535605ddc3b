import { describe, expect, it } from '@jest/globals';
import { documentedReason } from '../errors/api-reasons.js';
import { documentedOperation, documentedOperations } from './operations.js';

const ALL = [...documentedOperations()];

describe('documentedOperations', () => {
  it('knows every operation but those of authentication and of the card vault', () => {
    expect(ALL).toHaveLength(174);
    expect(ALL.filter(([name]) => !/^(?:GET|POST|PUT|PATCH|DELETE) \/[\w{}./-]+$/.test(name))).toEqual([]);
    expect(ALL.filter(([name]) => / \/(?:auth|tokenize)/.test(name))).toEqual([]);
  });

  it('counts the operations by their credentials', () => {
    const counts: Record<string, number> = {};
    for (const [, { credential }] of ALL) counts[credential] = (counts[credential] ?? 0) + 1;
    expect(counts).toEqual({ session: 40, 'session+merchant': 1, user: 34, wallet: 13, merchant: 82, none: 4 });
  });

  it('marks the four operations with an idempotency key', () => {
    expect(ALL.filter(([, { isIdempotent }]) => isIdempotent).map(([name]) => name)).toEqual([
      'POST /checkout/link',
      'POST /checkout/jwt-token',
      expect.stringMatching(/^POST \/merchant\/credits\/\w+$/),
      'POST /merchant/withdraws/payout/delegated',
    ]);
  });

  it('has a reason for each documented status below 500', () => {
    const statuses = new Set(ALL.flatMap(([, operation]) => [...operation.statuses]));
    expect([...statuses].filter((status) => documentedReason(status) === undefined)).toEqual([503]);
  });
});

describe('documentedOperation', () => {
  it('finds an operation by its method and template', () => {
    expect(documentedOperation('POST /checkout/card/{merchantId}')).toEqual({
      credential: 'session',
      statuses: new Set([412, 423, 451]),
      isIdempotent: false,
    });
    expect(documentedOperation('GET /merchant/v2')?.credential).toBe('session+merchant');
  });

  it.each(['GET /checkout/card/{merchantId}', 'POST /checkout/card/ours', 'constructor', '__proto__', ''])(
    'does not know %p',
    (name) => {
      expect(documentedOperation(name)).toBeUndefined();
    },
  );
});
