import { expect, it, jest } from '@jest/globals';

/** The `INFO` of a server that knows neither `HELLO` nor `redis.acl_check_cmd`. */
let version = '';

jest.unstable_mockModule('./redis-client.js', () => ({
  connectRedis: () => ({
    send: (name: string) => {
      if (name === 'EVAL') return Promise.resolve('unsupported');
      if (name !== 'INFO') return Promise.reject(new Error('ERR unknown command'));
      return Promise.resolve(`redis_version:${version}\r\nrole:master\r\nmaxmemory_policy:noeviction\r\n`);
    },
    close: () => undefined,
  }),
}));

const { checkRedis } = await import('./redis-checks.js');

it.each([
  ['5.0.14', 'ok'],
  ['4.0.14', 'failed'],
])('reads the version from INFO where Redis does not know HELLO: %s is %s', async (given, status) => {
  version = given;
  const [server] = await checkRedis('redis://127.0.0.1:6379');
  expect(server).toMatchObject({ status, found: `127.0.0.1:6379, version ${given}` });
});

it('warns when Redis does not tell its version', async () => {
  version = '';
  const [server] = await checkRedis('redis://127.0.0.1:6379');
  expect(server).toMatchObject({ status: 'warning', found: '127.0.0.1:6379 did not tell its version' });
});

it('skips the permissions where Redis cannot tell them without a write', async () => {
  const results = await checkRedis('redis://127.0.0.1:6379');
  expect(results.map(({ id, status }) => [id, status])).toEqual([
    ['redis', expect.any(String)],
    ['redis-shared-store', 'skipped'],
    ['redis-deliveries', 'skipped'],
    ['redis-eviction', 'ok'],
  ]);
});
