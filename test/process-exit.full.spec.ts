import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startCoinflowEmulator, type CoinflowEmulator, type EmulatorFault } from 'coinflow-emulator';
import { optionsFor } from './harness/create-test-app.js';
import { assertBuilt } from './harness/listening-process.js';

const root = new URL('..', import.meta.url).pathname;
const BUILT = './dist/apps/sample/libs/coinflow-auth/src';

describe('a process that forgets to close the service', () => {
  let coinflow: CoinflowEmulator;

  beforeAll(assertBuilt);

  beforeEach(async () => {
    coinflow = await startCoinflowEmulator();
  });

  afterEach(() => coinflow.close());

  /** Runs a script to its end. @returns its exit code, and how long it lived on after it was done */
  function run(script: string): Promise<{ code: number | null; livedOnMs: number }> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        cwd: root,
        stdio: ['ignore', 'pipe', 'inherit'],
        // One that lives on fails the test, and does not hold it up.
        timeout: 20_000,
      });
      let doneAt = NaN;
      child.stdout.once('data', () => (doneAt = performance.now()));
      child.once('error', reject).once('close', (code) => resolve({ code, livedOnMs: performance.now() - doneAt }));
    });
  }

  it.each<[string, EmulatorFault | undefined, number]>([
    ['answered', undefined, 0],
    ['repeated', { kind: 'reset' }, 1],
    ['refused by the breaker', { kind: 'status', status: 503 }, Infinity],
  ])('the process ends by itself after calls that were %s', async (_, fault, times) => {
    if (fault) coinflow.fail('session-key', fault, times);
    const { code, livedOnMs } = await run(`
      import 'reflect-metadata';
      import { CoinflowAuthenticator } from '${BUILT}/coinflow-authenticator.js';
      import { CoinflowAuthService } from '${BUILT}/coinflow-auth.service.js';
      import { resolveOptions } from '${BUILT}/options/resolve-options.js';
      const options = resolveOptions(${JSON.stringify(optionsFor(coinflow))});
      const service = new CoinflowAuthService(new CoinflowAuthenticator(options));
      for (let i = 0; i < 3; i += 1) await service.createSessionKey({ userId: 'alice' }).catch(() => undefined);
      console.log('done');
    `);
    expect(code).toBe(0);
    expect(coinflow.calls.at(-1)?.headers.connection).toBe('keep-alive');
    // The emulator keeps idle connections for over a minute.
    expect(livedOnMs).toBeLessThan(10_000);
  });

  it('the process ends by itself when its Redis is closed while it connects', async () => {
    // Takes connections, and says nothing.
    const mute = createServer().listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as AddressInfo;
    const { code, livedOnMs } = await run(`
      import 'reflect-metadata';
      import { redisSharedStore } from '${BUILT}/redis/index.js';
      const store = redisSharedStore({ url: 'redis://127.0.0.1:${port}' });
      const opening = store.revocations.open('board', { received() {}, informed() {}, published: () => [] });
      const reading = store.get('key').catch(() => undefined);
      setImmediate(() => store.close());
      (await opening).close();
      await reading;
      console.log('done');
    `);
    mute.close();
    expect(code).toBe(0);
    expect(livedOnMs).toBeLessThan(10_000);
  });
});
