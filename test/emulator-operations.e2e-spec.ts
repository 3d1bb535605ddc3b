import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startCoinflowEmulator, type CoinflowEmulator, type EmulatorOperation } from 'coinflow-emulator';
import {
  OPERATIONS,
  OPERATION_NAMES,
  type OperationCredential,
} from '../libs/coinflow-emulator/src/operations/operations.js';
import { EmulatorClient, walletHeaders } from './harness/emulator-client.js';
import { send, type SentResponse } from './harness/send.js';
import { walletOn } from './harness/wallets.js';

type Headers = Record<string, string>;

const ACH = 'POST /checkout/ach/{merchantId}';
const SENT = ['session', 'user', 'wallet', 'signed-wallet', 'merchant', 'session+merchant', 'none'] as const;
type Sent = (typeof SENT)[number];

/** The credentials that an operation accepts, by the credential that Coinflow documents. */
const ACCEPTED: Record<OperationCredential, readonly Sent[]> = {
  session: ['session', 'session+merchant'],
  user: ['user'],
  wallet: ['wallet', 'signed-wallet'],
  merchant: ['merchant', 'session+merchant', 'user', 'wallet'],
  'session+merchant': ['session+merchant'],
  none: SENT,
};

/** What is missing, in the words of the API, if nothing else is sent. */
const NOT_SET = { message: 'Error Processing your request', details: 'Authorization header not set' };
const missing = (header: string): object => ({ details: `Header x-coinflow-auth-${header} is required` });

function responseTo(credential: OperationCredential, sent: Sent): object {
  switch (credential) {
    case 'session':
      return missing('session-key');
    case 'session+merchant':
      return sent === 'session' ? NOT_SET : missing('session-key');
    case 'merchant':
    case 'none':
      return NOT_SET;
    case 'wallet':
      return missing('wallet');
    case 'user':
      if (sent === 'session') return { message: 'Authentication Failed' };
      return sent.includes('merchant') || sent === 'wallet' ? missing('user-id') : NOT_SET;
  }
}

describe('emulator: operations', () => {
  let coinflow: CoinflowEmulator;
  let client: EmulatorClient;
  let headersFor: Record<Sent, Headers>;

  beforeAll(async () => {
    coinflow = await startCoinflowEmulator();
    client = new EmulatorClient(coinflow);
    const wallet = walletOn('solana');
    const session = { 'x-coinflow-auth-session-key': await client.create() };
    const merchant = { authorization: client.apiKey };
    headersFor = {
      session,
      merchant,
      user: { ...merchant, 'x-coinflow-auth-user-id': 'alice' },
      wallet: { ...merchant, ...walletHeaders(wallet) },
      'signed-wallet': await client.signed(wallet),
      'session+merchant': { ...session, ...merchant },
      none: {},
    };
  });
  afterEach(() => {
    coinflow.clearResponses();
    coinflow.clearCalls();
  });
  afterAll(() => coinflow.close());

  /** Calls an operation with its path filled in. */
  function call(operation: EmulatorOperation, headers: Headers, body?: unknown): Promise<SentResponse> {
    const [method = '', template = ''] = operation.split(' ');
    const path = template.replace('{merchantId}', client.merchantId).replaceAll(/\{\w+\}/g, 'any');
    return send(`${coinflow.url}/api${path}`, { method, headers, body });
  }

  it('knows every operation of the table', () => {
    expect(OPERATION_NAMES).toHaveLength(174);
  });

  it.each(OPERATION_NAMES)(
    'accepts the documented credentials for %s and names what else is missing',
    async (operation) => {
      const { credential } = OPERATIONS[operation];
      coinflow.respond(operation, { body: { canned: true } });
      for (const sent of SENT) {
        const { status, body } = await call(operation, headersFor[sent]);
        expect(coinflow.calls.at(-1)).toMatchObject({ endpoint: operation, credentials: sent, status });
        if (ACCEPTED[credential].includes(sent)) expect([sent, status, body]).toEqual([sent, 200, { canned: true }]);
        else expect([sent, status, body]).toMatchObject([sent, 401, responseTo(credential, sent)]);
      }
    },
  );

  it('rejects an API key with the prefix Bearer and a session key with a tag', async () => {
    const bearer = { authorization: `Bearer ${client.apiKey}` };
    expect(await call('GET /merchant', bearer)).toMatchObject({ status: 401, body: { message: 'Invalid API key' } });
    const tagged = { 'x-coinflow-auth-session-key': `${await client.create()}~tag` };
    expect(await call(ACH, tagged)).toMatchObject({ status: 401, body: { message: 'Invalid or expired session key' } });
  });

  it('responds with the canned response of an operation the given number of times', async () => {
    coinflow.respond(ACH, { status: 428, body: { message: 'verify' }, headers: { 'x-a': 'b' }, delayMs: 20 }, 1);
    const before = performance.now();
    expect(await call(ACH, headersFor.session)).toMatchObject({
      status: 428,
      body: { message: 'verify' },
      headers: { 'x-a': 'b', 'content-type': 'application/json; charset=utf-8' },
    });
    expect(performance.now() - before).toBeGreaterThan(18);
    expect(await call(ACH, headersFor.session)).toMatchObject({ status: 200, body: {} });
    expect(coinflow.countCalls(ACH)).toBe(2);
  });

  it('names the closest operations of an unknown one', () => {
    const respond = (name: string): void => coinflow.respond(name as EmulatorOperation, {});
    expect(() => respond('POST /api/checkout/ach/demo-merchant')).toThrow(`Did you mean "${ACH}"?`);
    expect(() => respond('POST /checkout/ahc/{merchantId}')).toThrow(ACH);
    expect(() => respond('toString')).toThrow(RangeError);
  });
});
