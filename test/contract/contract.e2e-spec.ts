import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startCoinflowEmulator, type CoinflowEmulator, type EmulatorFault } from 'coinflow-emulator';
import { walletHeaders } from '../harness/emulator-client.js';
import { send, type SentResponse } from '../harness/send.js';
import { BLOCKCHAINS, walletOn, type TestWallet } from '../harness/wallets.js';
import { violations } from './contract-document.js';

type Headers = Record<string, string>;
type Path = Parameters<typeof violations>[0];

const IS_REAL = process.env.COINFLOW_CONTRACT_REAL === '1';
const USER = { 'x-coinflow-auth-user-id': 'contract-test-user' };
const SESSION_KEY = 'x-coinflow-auth-session-key';

/** The base URL of the real Coinflow. `scripts/test-contract.mjs` has checked the environment. */
function realUrl(): string {
  const { COINFLOW_BASE_URL: url, COINFLOW_ENV: env = '' } = process.env;
  return url ? url.replace(/\/+$/, '') : `https://api-${env}.coinflow.cash`;
}

describe(`the contract of ${IS_REAL ? 'Coinflow' : 'the emulator'}`, () => {
  let emulator: CoinflowEmulator | undefined;
  let url: string;
  let apiKey: string;
  let merchantId: string;

  beforeAll(async () => {
    if (IS_REAL) {
      url = realUrl();
      apiKey = process.env.COINFLOW_API_KEY ?? '';
      merchantId = process.env.COINFLOW_MERCHANT_ID ?? '';
      return;
    }
    emulator = await startCoinflowEmulator();
    url = emulator.url;
    ({ apiKey = '', merchantId = '' } = emulator.merchants[0] ?? {});
  });

  afterAll(() => emulator?.close());

  /** Checks that the document allows the response. */
  async function get(path: Path, headers: Headers = {}): Promise<SentResponse> {
    const answer = await sendSecurely(url + path, headers);
    expect(violations(path, answer)).toEqual([]);
    return answer;
  }

  const create = (headers: Headers): Promise<SentResponse> => get('/api/auth/session-key', headers);
  const verify = (key: string): Promise<SentResponse> => get('/api/auth/verify', { [SESSION_KEY]: key });

  async function expectValid({ status, body }: SentResponse): Promise<void> {
    expect(status).toBe(200);
    expect([200, 204]).toContain((await verify((body as { key: string }).key)).status);
  }

  async function signed(wallet: TestWallet): Promise<Headers> {
    const { body } = await get('/api/auth', walletHeaders(wallet));
    return {
      ...walletHeaders(wallet),
      'x-coinflow-auth-signed-message': await wallet.sign((body as { message: string }).message),
      'x-coinflow-auth-merchant-id': merchantId,
    };
  }

  it('creates a key for a user', async () => {
    await expectValid(await create({ authorization: apiKey, ...USER }));
  });

  describe.each(IS_REAL ? ['solana', 'eth'] : BLOCKCHAINS)('on %s', (blockchain) => {
    it('creates a message for a wallet to sign', async () => {
      expect((await get('/api/auth', walletHeaders(walletOn(blockchain)))).status).toBe(200);
    });

    it('creates a key for a wallet with the API key', async () => {
      await expectValid(await create({ authorization: apiKey, ...walletHeaders(walletOn(blockchain)) }));
    });

    it('creates a key for a wallet that has signed', async () => {
      await expectValid(await create(await signed(walletOn(blockchain))));
    });

    it('rejects the signature of another wallet', async () => {
      const headers = await signed(walletOn(blockchain));
      const signature = await walletOn(blockchain).sign('another message');
      const { status } = await create({ ...headers, 'x-coinflow-auth-signed-message': signature });
      expect(isClientError(status)).toBe(true);
    });
  });

  it.each<[string, Path, (apiKey: string) => Headers]>([
    ['no wallet', '/api/auth', () => ({})],
    ['no API key', '/api/auth/session-key', () => USER],
    ['a wrong API key', '/api/auth/session-key', () => ({ authorization: 'wrong', ...USER })],
    ['Bearer before the key', '/api/auth/session-key', (key) => ({ authorization: `Bearer ${key}`, ...USER })],
    ['no user or wallet', '/api/auth/session-key', (key) => ({ authorization: key })],
    ['no session key', '/api/auth/verify', () => ({})],
    ['no valid session key', '/api/auth/verify', () => ({ [SESSION_KEY]: 'invalid' })],
  ])('rejects %s at %s', async (_, path, headers) => {
    expect(isClientError((await get(path, headers(apiKey))).status)).toBe(true);
  });

  (IS_REAL ? describe.skip : describe)('responses that only the emulator can produce', () => {
    it('creates and verifies an opaque key', async () => {
      emulator?.setIssuance({ form: 'opaque' });
      await expectValid(await create({ authorization: apiKey, ...USER }));
      emulator?.reset();
    });

    it.each<EmulatorFault>([
      { kind: 'status', status: 500 },
      { kind: 'status', status: 503, body: { reason: 'down', debugId: 'd' } },
      { kind: 'rate-limited' },
      { kind: 'rate-limited', retryAfter: 'date' },
      { kind: 'rate-limited', retryAfter: 'none' },
    ])('allows, by the contract, the response of the fault %j', async (fault) => {
      for (const endpoint of ['message', 'session-key', 'verify'] as const) emulator?.fail(endpoint, fault, 1);
      const status = fault.kind === 'status' ? fault.status : 429;
      expect((await get('/api/auth')).status).toBe(status);
      expect((await create({})).status).toBe(status);
      expect((await verify('invalid')).status).toBe(status);
    });

    it.each<[EmulatorFault, string]>([
      [{ kind: 'status', status: 500, body: { text: 'no known field' } }, 'body must have required property'],
      [{ kind: 'status', status: 401, body: ['a list'] }, 'body must be object'],
      [{ kind: 'html', status: 502 }, 'the type is text/html'],
      [{ kind: 'raw', status: 302, body: '' }, '/api/auth/session-key does not answer with 302'],
      [{ kind: 'status', status: 200, body: { sessionKey: 'k' } }, "body must have required property 'key'"],
      [{ kind: 'status', status: 429, headers: { 'retry-after': 'soon' } }, 'Retry-After must match pattern'],
    ])('does not allow, by the contract, the response of the fault %j', async (fault, problem) => {
      emulator?.fail('session-key', fault, 1);
      const answer = await sendSecurely(`${url}/api/auth/session-key`, {});
      expect(violations('/api/auth/session-key', answer).join()).toContain(problem);
    });
  });
});

function isClientError(status: number): boolean {
  return status >= 400 && status < 500;
}

/** Supports TLS. `send` of the harness supports this machine only. */
async function sendSecurely(url: string, headers: Headers): Promise<SentResponse> {
  if (url.startsWith('http:')) return send(url, { headers });
  const response = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(20_000) });
  const text = await response.text();
  return { status: response.status, headers: Object.fromEntries(response.headers), text, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
