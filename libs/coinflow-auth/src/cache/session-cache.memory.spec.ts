import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from '@jest/globals';
import { FakeCoinflow } from '../../test-doubles/fake-coinflow.js';
import { TestInstance } from '../../test-doubles/test-instance.js';
import { resolveOptions } from '../options/resolve-options.js';
import { Attestor } from '../verification/attestor.js';

const USERS = 400;
const HEADER_LENGTH = 100_000;
const MIB = 1_024 * 1_024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapMib(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / MIB;
}

it.each(['plain', 'attested'])('keeps no header in memory of which a cached %s key was a part', async (form) => {
  const coinflow = new FakeCoinflow();
  const attestor = new Attestor(resolveOptions({ env: 'sandbox', apiKey: 'key', merchantId: 'ours' }));
  const replica = new TestInstance(coinflow);
  const before = heapMib();
  for (let i = 0; i < USERS; i += 1) {
    const key = coinflow.key({ customerId: `user-${i}` });
    const presented = form === 'plain' ? key : (attestor.attest(key) ?? '');
    // As of a cookie among others: the engine keeps the whole text for as long as a part of it.
    const header = `${'x'.repeat(HEADER_LENGTH)}${presented}`;
    Buffer.from(header);
    await replica.verify(header.slice(HEADER_LENGTH));
  }
  // The fake has kept the keys.
  coinflow.calls.length = 0;
  expect(replica.sessions.cache.size.sessions).toBe(USERS);
  // All headers together have 38 MiB.
  expect(heapMib() - before).toBeLessThan(12);
});
