import { expect, it, jest } from '@jest/globals';

for (const name of ['@redis/client', 'ioredis']) {
  jest.unstable_mockModule(name, () => {
    throw new Error(`Cannot find package '${name}'`);
  });
}

const { checkRedis } = await import('./redis-checks.js');

it('fails when neither client of Redis is installed, and shows what to install', async () => {
  const [redis, ...others] = await checkRedis('redis://127.0.0.1:1');
  expect(redis).toMatchObject({ status: 'failed', advice: ['Run npm install @redis/client.'] });
  expect(others.map(({ status }) => status)).toEqual(['skipped', 'skipped', 'skipped']);
});
