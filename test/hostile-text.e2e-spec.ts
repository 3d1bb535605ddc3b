import { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { assertBuilt } from './harness/listening-process.js';

const BUILT = new URL('../dist/apps/sample/libs/coinflow-auth/src/', import.meta.url).href;
/** For one string. A linear reader takes milliseconds; a quadratic one takes minutes and can be stopped only from outside. */
const LIMIT_MS = 5_000;
const SIZES = [65_536, 1_048_576];

/** Each pattern is repeated up to the size. The last character then makes a match fail at the very end. */
const PATTERNS = [
  ...[
    'a',
    'a.',
    'abcdefgh.',
    'eyJ',
    'eyJhbGciOi.',
    'A',
    ' ',
    '\t',
    ',',
    ';',
    '=',
    '~',
    '"',
    '%',
    ':',
    '/',
    '1',
    '\u0000',
    '\u202e',
  ],
  ...['t=1,', 'v1=a,', 'session=', 'session="', 'Bearer ', '[redacted]', '\\', '\ud800'],
];

/** Each function that reads strings from outside, as an expression over the built package. */
const READERS: [name: string, module: string, call: string][] = [
  ['a message of Coinflow, or an event type, for the log', 'util/secrets.js', "m.safeText(text, ['a-secret', 'eyJ'])"],
  ['a session key', 'session/session-key.js', 'm.assertSessionKeyShape(m.readPresented(text))'],
  ['the parts of a session key', 'session/session-key.js', 'm.assertSessionKeyShape({ key: text, tag: text })'],
  ['the claims of a session key', 'session/claims.js', 'm.readClaims(text)'],
  [
    'the header of a session key',
    'index.js',
    "m.SessionKeyExtractors.fromHeader().find({ headers: { 'x-coinflow-auth-session-key': text } })",
  ],
  [
    'the Authorization header',
    'index.js',
    'm.SessionKeyExtractors.fromBearer().find({ headers: { authorization: text } })',
  ],
  [
    'cookies',
    'index.js',
    "m.SessionKeyExtractors.fromCookie('session').find({ method: 'GET', headers: { cookie: text } })",
  ],
  [
    'the signature of a webhook',
    'index.js',
    "m.verifyWebhookSignature({ rawBody: text, headers: { 'coinflow-signature': text }, keys: 'key' })",
  ],
  [
    'the type and the data of an event',
    'index.js',
    "m.verifyWebhookSignature({ rawBody: JSON.stringify({ eventType: text, data: { id: text } }), headers: { 'coinflow-signature': 't=1,v1=' + text }, keys: 'key' })",
  ],
  ['a wallet on Solana', 'session/wallet-address.js', "m.walletAddressProblem(text, 'solana')"],
  ['a wallet on Stellar', 'session/wallet-address.js', "m.walletAddressProblem(text, 'stellar')"],
  ['a wallet on an EVM chain', 'session/wallet-address.js', "m.walletAddressProblem('0x' + text, 'eth')"],
  ['a value that is sent in a header', 'util/header-value.js', 'm.isHeaderValue(text, Infinity)'],
  ['the address of a client', 'extraction/client-address.js', 'm.networkOf(text)'],
];

describe('reading strings from outside', () => {
  beforeAll(assertBuilt);

  it.each(READERS)('reads any text in linear time as %s', async (_, module, call) => {
    expect(await run(module, call)).toBe('done');
  });

  it('reports a quadratic reader as too slow', async () => {
    expect(await run('util/secrets.js', '/[\\w-]{8,}\\.[\\w-]{8,}/.test(text)')).toBe(
      `still running after ${LIMIT_MS} ms`,
    );
  }, 30_000);
});

/** Reads every string in a worker thread, which is terminated when one takes too long. */
function run(module: string, call: string): Promise<string> {
  const script = `
    import { parentPort } from 'node:worker_threads';
    const m = await import(${JSON.stringify(BUILT + module)});
    for (const size of ${JSON.stringify(SIZES)}) {
      for (const pattern of ${JSON.stringify(PATTERNS)}) {
        for (const end of ['', '!']) {
          parentPort.postMessage('next string');
          const text = pattern.repeat(Math.ceil(size / pattern.length)).slice(0, size) + end;
          try { ${call}; } catch (error) { if (error.code === undefined) throw error; }
        }
      }
    }
    parentPort.postMessage('done');
  `;
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = (outcome: string): void => {
      clearTimeout(timer);
      void worker.terminate();
      resolve(outcome);
    };
    worker.once('error', reject);
    worker.on('message', (message: string) => {
      if (message === 'done') return end('done');
      clearTimeout(timer);
      timer = setTimeout(() => end(`still running after ${LIMIT_MS} ms`), LIMIT_MS);
    });
  });
}
