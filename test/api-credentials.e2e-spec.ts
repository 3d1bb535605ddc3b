import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CoinflowApiError, CoinflowInvalidArgumentError, CoinflowSession } from 'nestjs-coinflow-auth';
import type { EmulatorOperation } from 'coinflow-emulator';
import { documentedOperations, type DocumentedCredential } from '../libs/coinflow-auth/src/api/operations.js';
import { createApiApp, type ApiApp } from './harness/api-app.js';
import { EmulatorClient } from './harness/emulator-client.js';
import { walletOn } from './harness/wallets.js';

const SENT = ['session', 'user', 'wallet', 'signed-wallet', 'merchant', 'session+merchant', 'none'] as const;
type Sent = (typeof SENT)[number];

/** How the messages name what was sent and what is documented. */
const NAMES: Record<Sent, string> = {
  session: 'a session key',
  user: 'the API key with a user id',
  wallet: 'the API key with a wallet',
  'signed-wallet': "a wallet's signature",
  merchant: 'the API key alone',
  'session+merchant': 'a session key together with the API key',
  none: 'no credentials',
};
const documentedName = (credential: DocumentedCredential): string =>
  credential === 'wallet' ? "a wallet, with the API key or with the wallet's signature" : NAMES[credential];

const DOCUMENTED: Record<DocumentedCredential, readonly Sent[]> = {
  session: ['session'],
  user: ['user'],
  wallet: ['wallet', 'signed-wallet'],
  merchant: ['merchant'],
  'session+merchant': ['session+merchant'],
  none: ['none'],
};

/** What the emulator accepts beyond the documented credentials: it ignores further ones. */
const ALSO_ACCEPTED: Partial<Record<DocumentedCredential, readonly Sent[]>> = {
  session: ['session+merchant'],
  merchant: ['session+merchant', 'user', 'wallet'],
  none: SENT,
};

const OPERATIONS = Array.from(documentedOperations(), ([name, operation]) => ({ name, ...operation }));

async function authsOf(app: ApiApp): Promise<Record<Sent, unknown>> {
  const [session, wallet] = [await app.session(), walletOn('solana')];
  const { address, blockchain } = wallet;
  const signedMessage = await wallet.sign(await new EmulatorClient(app.coinflow).messageFor(wallet));
  return {
    session,
    user: { userId: 'alice' },
    wallet: { wallet: address, blockchain },
    'signed-wallet': { signedWallet: { wallet: address, blockchain, signedMessage } },
    merchant: 'merchant',
    'session+merchant': [session, 'merchant'],
    none: 'none',
  };
}

describe('CoinflowApi with every kind of auth', () => {
  let app: ApiApp;
  let auths: Record<Sent, unknown>;

  beforeAll(async () => {
    app = await createApiApp();
    auths = await authsOf(app);
  });
  afterEach(() => {
    app.coinflow.clearResponses();
    app.coinflow.clearCalls();
    app.logger.lines.length = 0;
  });
  afterAll(() => app.close());

  it.each(OPERATIONS)('calls $name with its documented credentials, and explains the 401 to others', async (row) => {
    const { name, credential } = row;
    app.coinflow.respond(name as EmulatorOperation, { body: { canned: name } });
    const accepted = [...DOCUMENTED[credential], ...(ALSO_ACCEPTED[credential] ?? [])];
    for (const sent of SENT) {
      const result = await app.call(name, { auth: auths[sent] }).catch((error: unknown) => error);
      const received = app.coinflow.calls.filter(({ endpoint }) => endpoint === name);
      expect(received.map(({ credentials }) => credentials)).toContain(sent);
      if (accepted.includes(sent)) {
        expect([sent, result]).toEqual([sent, { canned: name }]);
        continue;
      }
      expect([sent, result]).toEqual([sent, expect.any(CoinflowApiError)]);
      expect(result).toMatchObject({ reason: 'credentials-rejected', status: 401, operation: name });
      expect((result as Error).message).toContain(
        `It was sent with ${NAMES[sent]}; Coinflow documents ${documentedName(credential)}`,
      );
    }
    const warnings = app.logger.at('warn').filter((line) => line.includes('[undocumented-call]'));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`${name} may not work. It was sent with `);
    expect(warnings[0]).toContain(`Coinflow documents ${documentedName(credential)}`);
  });

  it('sends an undocumented operation once it has warned about it, and each further one without a warning', async () => {
    for (let time = 0; time < 3; time += 1) {
      const error = await app.failure('GET /merchant/unknown', { auth: 'merchant' });
      expect(error).toMatchObject({ code: 'COINFLOW_API_ERROR', reason: 'request-rejected', status: 404 });
    }
    expect(app.logger.at('warn').filter((line) => line.includes('does not document'))).toHaveLength(1);
  });

  it('warns about no call with the documented credentials', async () => {
    for (const { name, credential } of OPERATIONS.slice(0, 50)) {
      app.coinflow.respond(name as EmulatorOperation, {});
      for (const sent of DOCUMENTED[credential]) await app.call(name, { auth: auths[sent] });
    }
    expect(app.logger.at('warn')).toEqual([]);
  });

  it('sends nothing for auth or options that are not valid', async () => {
    const foreign = new CoinflowSession('key', {
      subject: { kind: 'user', userId: 'alice' },
      merchantId: 'other-merchant',
      issuedAt: null,
      expiresAt: null,
    });
    const wrong: [string, object][] = [
      ['auth', {}],
      ['auth', { auth: undefined }],
      ['auth', { auth: foreign }],
      ['userId', { auth: { userId: undefined } }],
      ['userId', { auth: { userId: 'alice', wallet: 'a' } }],
      ['options', { auth: 'merchant', header: 'a' }],
      ['options', { auth: 'merchant', Auth: 'merchant' }],
      ['timeoutMs', { auth: 'merchant', timeoutMs: 0 }],
      ['timeoutMs', { auth: 'merchant', timeoutMs: '5' }],
      ['timeoutMs', { auth: 'merchant', timeoutMs: 600_001 }],
      ['signal', { auth: 'merchant', signal: {} }],
      ['body', { auth: 'merchant', body: {} }],
      ['clientIp', { auth: 'merchant', clientIp: 'a' }],
      ['query', { auth: 'merchant', query: { a: null } }],
      ['params', { auth: 'merchant', params: { a: 'b' } }],
    ];
    for (const [argument, options] of wrong) {
      const error = await app.failure('GET /merchant', options as { auth: unknown });
      expect(error).toBeInstanceOf(CoinflowInvalidArgumentError);
      expect(error).toMatchObject({ argument, code: 'COINFLOW_INVALID_ARGUMENT' });
    }
    for (const options of [undefined, null, 'merchant']) {
      const error = await app.api.get('/merchant', options as never).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'COINFLOW_INVALID_ARGUMENT', argument: 'options' });
    }
    expect(app.coinflow.calls).toEqual([]);
  });

  it('explains that a wallet has no withdrawer, only after a call with the documented credentials', async () => {
    const call = (sent: Sent): Promise<unknown> => app.failure('GET /withdraw', { auth: auths[sent] });
    for (const sent of ['wallet', 'signed-wallet'] as const) {
      expect(await call(sent)).toMatchObject({ reason: 'withdrawer-not-found', status: 401 });
    }
    for (const sent of ['session', 'merchant', 'user', 'none'] as const) {
      expect(await call(sent)).toMatchObject({ reason: 'credentials-rejected', status: 401 });
    }
  });
});

describe('CoinflowApi with the option api.strict', () => {
  let app: ApiApp;
  let auths: Record<Sent, unknown>;

  beforeAll(async () => {
    app = await createApiApp({ options: { api: { callsPerMinute: 10_000, strict: true } } });
    auths = await authsOf(app);
  });
  afterAll(() => app.close());

  it('sends the documented credentials only', async () => {
    app.coinflow.clearCalls();
    for (const { name, credential } of OPERATIONS) {
      for (const sent of SENT.filter((one) => !DOCUMENTED[credential].includes(one))) {
        const error = await app.failure(name, { auth: auths[sent] });
        expect(error).toMatchObject({ code: 'COINFLOW_INVALID_ARGUMENT', argument: 'auth' });
        expect((error as Error).message).toContain(`Coinflow documents ${documentedName(credential)}`);
      }
    }
    expect(app.coinflow.calls).toEqual([]);
    for (const { name, credential } of OPERATIONS) {
      app.coinflow.respond(name as EmulatorOperation, { body: { canned: true } });
      for (const sent of DOCUMENTED[credential]) {
        expect(await app.call(name, { auth: auths[sent] })).toEqual({ canned: true });
      }
    }
    expect(app.logger.text).not.toContain('[undocumented-call]');
  });

  it('sends no operation that Coinflow does not document', async () => {
    app.coinflow.clearCalls();
    const error = await app.failure('GET /merchant/unknown', { auth: 'merchant' });
    expect(error).toMatchObject({ code: 'COINFLOW_INVALID_ARGUMENT', argument: 'path' });
    expect(app.coinflow.calls).toEqual([]);
  });
});
