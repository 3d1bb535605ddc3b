import { expect, it, jest } from '@jest/globals';
import type { CheckId } from './check-result.js';

// The package test removes a peer from a real project. Here the import of what needs the peers fails.
jest.unstable_mockModule('./configuration-checks.js', () => {
  throw new Error("Cannot find package '@nestjs/axios'");
});

const { doctor } = await import('../../../../test/harness/doctor.js');

it('reports missing peers although the package cannot be loaded without them', async () => {
  const { exitCode, check } = await doctor([]);
  expect(check('peers')).toMatchObject({
    status: 'failed',
    found: expect.stringContaining('@nestjs/axios is missing'),
  });
  const others: CheckId[] = ['variables', 'coinflow', 'api-key', 'redis', 'redis-eviction', 'webhook-route'];
  for (const id of others) {
    expect(check(id)).toMatchObject({ status: 'skipped', found: expect.stringContaining('without its peers') });
  }
  expect(exitCode).toBe(1);
});
