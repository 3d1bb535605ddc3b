import { describe, expect, it } from '@jest/globals';
import { documentedOperations } from '../libs/coinflow-auth/src/api/operations.js';
import { OPERATIONS } from '../libs/coinflow-emulator/src/operations/operations.js';

describe('the tables of operations', () => {
  it('are the same in the package and in the emulator', () => {
    const ofPackage = Object.fromEntries(
      Array.from(documentedOperations(), ([name, { credential, statuses, isIdempotent }]) => [
        name,
        { credential, statuses: [200, ...statuses], idempotencyKey: isIdempotent },
      ]),
    );
    expect(Object.keys(ofPackage)).toHaveLength(174);
    expect(ofPackage).toEqual(OPERATIONS);
  });
});
