import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startCoinflowEmulator, type CoinflowEmulator } from 'coinflow-emulator';
import { CoinflowAuthService } from './coinflow-auth.service.js';
import { resolveOptions } from './options/resolve-options.js';
import type { SessionKeySubject, SignedWallet } from './session/session-key-subject.js';

const WALLET = { wallet: `0x${'0'.repeat(40)}`, blockchain: 'eth' } as const;

describe('CoinflowAuthService', () => {
  let coinflow: CoinflowEmulator;
  let service: CoinflowAuthService;

  beforeEach(async () => {
    coinflow = await startCoinflowEmulator();
    service = new CoinflowAuthService(
      resolveOptions({
        env: 'local',
        baseUrl: coinflow.url,
        apiKey: coinflow.merchants[0]?.apiKey ?? '',
        merchantId: 'demo-merchant',
      }),
    );
  });

  afterEach(async () => {
    void service.onApplicationShutdown();
    await coinflow.close();
  });

  it('sends the API key raw, and only for minting', async () => {
    const { key } = await service.createSessionKey({ userId: 'alice' }, { clientIp: '203.0.113.7' });
    await service.verifySessionKey(key, { maxAgeMs: 0 });
    const [mint, verify] = coinflow.calls;
    expect(mint).toMatchObject({
      endpoint: 'session-key',
      headers: { 'x-coinflow-auth-user-id': 'alice', 'x-coinflow-client-ip': '203.0.113.7', authorization: '***' },
    });
    expect(verify?.endpoint).toBe('verify');
    expect(verify?.headers).not.toHaveProperty('authorization');
  });

  it('keeps the connection', async () => {
    for (let i = 0; i < 3; i += 1) await service.createSessionKey({ userId: `user-${i}` });
    expect(coinflow.calls.map(({ headers }) => headers.connection)).toEqual(['keep-alive', 'keep-alive', 'keep-alive']);
  });

  it.each<[string, SessionKeySubject, { clientIp?: string }]>([
    ['userId', { userId: '' }, {}],
    ['userId', { userId: 'a\r\nauthorization: b' }, {}],
    ['userId', { userId: 'ålice' }, {}],
    ['userId', { userId: 5 as never }, {}],
    ['userId', undefined as never, {}],
    ['userId', { userId: 'alice', wallet: 'w', blockchain: 'eth' } as never, {}],
    ['blockchain', { wallet: 'w' } as never, {}],
    ['signedMessage', { signedMessage: 's' } as never, {}],
    ['signedMessage', { ...WALLET, signedMessage: '0x00' } as never, {}],
    ['signedMessage', { ...WALLET, signedMessage: undefined } as never, {}],
    ['signedMessage', Object.assign(Object.create({ signedMessage: undefined }) as object, WALLET), {}],
    ['userId', { ...WALLET, userId: undefined }, {}],
    ['userId', { userId: undefined } as never, {}],
    ['userId', { userId: 'alice', wallet: undefined, blockchain: undefined }, {}],
    ['subject', { userId: 'alice', admin: undefined } as never, {}],
    ['subject', { ...WALLET, chosenByAClient: 1 } as never, {}],
    ['wallet', { wallet: 'w', blockchain: 'eth' }, {}],
    ['clientIp', { userId: 'alice' }, { clientIp: 'localhost' }],
    ['clientIp', { userId: 'alice' }, { clientIp: '' }],
  ])('a wrong %s is named before a call', async (argument, subject, options) => {
    await expect(service.createSessionKey(subject, options)).rejects.toMatchObject({
      code: 'COINFLOW_INVALID_ARGUMENT',
      argument,
    });
    expect(coinflow.calls).toEqual([]);
  });

  it('says that a user ID, a wallet and a signed message must be strings', async () => {
    const wrong = async (call: Promise<unknown>): Promise<string> =>
      call.then(
        () => '',
        (error: unknown) => (error as Error).message,
      );
    expect(await wrong(service.createSessionKey({ userId: 42 as never }))).toBe('userId must be a string');
    expect(await wrong(service.createSessionKey({ ...WALLET, wallet: 42 as never }))).toBe('wallet must be a string');
    expect(await wrong(service.createSessionKeyWithSignature({ ...WALLET, signedMessage: 42 as never }))).toBe(
      'signedMessage must be a string',
    );
  });

  it.each<[string, Partial<Record<keyof SignedWallet, unknown>> | undefined]>([
    ['blockchain', undefined],
    ['blockchain', {}],
    ['blockchain', { wallet: WALLET.wallet, signedMessage: '0x00' }],
    ['wallet', { blockchain: 'eth', signedMessage: '0x00' }],
    ['signedMessage', WALLET],
    ['signedMessage', { ...WALLET, signedMessage: undefined }],
    ['signedMessage', { ...WALLET, signedMessage: null }],
    ['signedMessage', { ...WALLET, signedMessage: '' }],
    ['signedMessage', { ...WALLET, signedMessage: ['0x00'] }],
    ['signedMessage', { ...WALLET, signedMessage: 'x'.repeat(2_049) }],
    ['signedMessage', { ...WALLET, signedMessage: 'a\nb' }],
  ])('a signed login without a good %s is rejected before a call: %j', async (argument, signed) => {
    await expect(service.createSessionKeyWithSignature(signed as SignedWallet)).rejects.toMatchObject({
      code: 'COINFLOW_INVALID_ARGUMENT',
      argument,
    });
    expect(coinflow.calls).toEqual([]);
  });

  it('a signed login never sends the API key, whatever else a client has put beside it', async () => {
    const signed = { ...WALLET, signedMessage: '0x00', userId: 'admin' };
    await expect(service.createSessionKeyWithSignature(signed)).rejects.toMatchObject({
      code: 'COINFLOW_SIGNATURE_REJECTED',
    });
    expect(coinflow.calls).toHaveLength(1);
    expect(coinflow.calls[0]?.headers).toMatchObject({ 'x-coinflow-auth-wallet': WALLET.wallet });
    expect(coinflow.calls[0]?.headers).not.toHaveProperty('authorization');
    expect(coinflow.calls[0]?.headers).not.toHaveProperty('x-coinflow-auth-user-id');
  });

  it.each([
    ['', 'COINFLOW_SESSION_KEY_MISSING'],
    [undefined, 'COINFLOW_SESSION_KEY_MISSING'],
    [5, 'COINFLOW_SESSION_KEY_MALFORMED'],
    [{ toString: () => 'key' }, 'COINFLOW_SESSION_KEY_MALFORMED'],
  ])('verifySessionKey(%p) rejects with %s', async (key, code) => {
    await expect(service.verifySessionKey(key as string)).rejects.toMatchObject({ code });
  });

  it.each([
    ['', 'COINFLOW_SESSION_KEY_MISSING'],
    [undefined, 'COINFLOW_SESSION_KEY_MISSING'],
    [5, 'COINFLOW_SESSION_KEY_MALFORMED'],
    ['no key', 'COINFLOW_SESSION_KEY_MALFORMED'],
  ])('revokeSessionKey(%p) rejects with %s, and revokes nothing', async (key, code) => {
    await expect(service.revokeSessionKey(key as string)).rejects.toMatchObject({ code });
    expect(service.metrics().cache.revokedKeys).toBe(0);
  });

  it.each([{}, { userId: '' }, { wallet: 'w' }, { userId: 'a', wallet: 'w', blockchain: 'eth' }, undefined])(
    'revokeSubject(%j) names nobody',
    async (subject) => {
      await expect(service.revokeSubject(subject as never)).rejects.toMatchObject({
        code: 'COINFLOW_INVALID_ARGUMENT',
      });
      expect(service.metrics().cache.revokedSubjects).toBe(0);
    },
  );

  it.each([-1, NaN, 'a' as unknown as number])('maxAgeMs %p is named', async (maxAgeMs) => {
    await expect(service.verifySessionKey('key', { maxAgeMs })).rejects.toMatchObject({ argument: 'maxAgeMs' });
  });

  it('gives one client five calls for wallet logins, messages and signatures together, and verifies keys all the same', async () => {
    const { key } = await service.createSessionKey({ userId: 'alice' });
    const client = { rateLimitClient: '203.0.113.7' };
    const limited = { code: 'COINFLOW_TOO_MANY_REQUESTS', reason: 'wallet-logins-per-client' };
    for (let i = 0; i < 3; i += 1) await service.getMessage(WALLET, client);
    const logIn = (given: object): Promise<unknown> =>
      service.createSessionKeyWithSignature({ ...WALLET, signedMessage: '0x00' }, given);
    for (let i = 0; i < 2; i += 1)
      await expect(logIn(client)).rejects.toMatchObject({ code: 'COINFLOW_SIGNATURE_REJECTED' });
    await expect(service.getMessage(WALLET, client)).rejects.toMatchObject(limited);
    await expect(logIn(client)).rejects.toMatchObject(limited);
    await expect(service.verifySessionKey(key, { maxAgeMs: 0 })).resolves.toMatchObject({ key });
    for (let i = 0; i < 15; i += 1) await logIn({}).catch(() => undefined);
    const spent = { code: 'COINFLOW_BUDGET_EXHAUSTED', reason: 'budget-exhausted' };
    await expect(logIn({})).rejects.toMatchObject(spent);
    await expect(service.getMessage(WALLET)).rejects.toMatchObject(spent);
    expect([coinflow.countCalls('message'), coinflow.countCalls('session-key')]).toEqual([3, 18]);
    // The API key vouches for users whom the application has logged in.
    await expect(service.createSessionKey({ userId: 'bob' })).resolves.toMatchObject({ subject: { userId: 'bob' } });
    await expect(service.createSessionKey(WALLET)).resolves.toMatchObject({ subject: WALLET });
    expect(service.metrics().budget).toMatchObject({ used: { walletLogins: 20 }, rateLimited: { walletLogins: 2 } });
  });

  it('tells a wrong API key from a refused user', async () => {
    const wrong = new CoinflowAuthService(
      resolveOptions({ env: 'local', baseUrl: coinflow.url, apiKey: 'wrong', merchantId: 'demo-merchant' }),
    );
    await expect(wrong.createSessionKey({ userId: 'alice' })).rejects.toMatchObject({
      code: 'COINFLOW_MISCONFIGURED',
      reason: 'api-key-rejected',
      action: expect.stringContaining('COINFLOW_API_KEY'),
    });
    void wrong.onApplicationShutdown();
  });

  describe('an API key that a function gives', () => {
    const withKey = (apiKey: () => string | Promise<string>): CoinflowAuthService =>
      new CoinflowAuthService(
        resolveOptions({ env: 'local', baseUrl: coinflow.url, apiKey, merchantId: 'demo-merchant' }),
      );

    it('can be rotated without a restart', async () => {
      let current = 'an-old-key';
      const rotating = withKey(() => Promise.resolve(current));
      await expect(rotating.createSessionKey({ userId: 'alice' })).rejects.toMatchObject({
        reason: 'api-key-rejected',
      });
      current = coinflow.merchants[0]?.apiKey ?? '';
      await expect(rotating.createSessionKey({ userId: 'alice' })).resolves.toMatchObject({
        merchantId: 'demo-merchant',
      });
      void rotating.onApplicationShutdown();
    });

    it.each([
      [
        'throws',
        () => {
          throw new Error('canary');
        },
      ],
      ['rejects', () => Promise.reject(new Error('canary'))],
    ])('and that %s is an outage, without its words', async (_, apiKey) => {
      const failing = withKey(apiKey);
      const failure = failing.createSessionKey({ userId: 'alice' });
      await expect(failure).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE', reason: 'api-key-function-failed' });
      await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining('canary') });
      await expect(failure).rejects.not.toHaveProperty('cause');
      void failing.onApplicationShutdown();
    });

    it('and that gives a key with "Bearer " before it is a misconfiguration', async () => {
      const wrong = withKey(() => 'Bearer canary');
      await expect(wrong.createSessionKey({ userId: 'alice' })).rejects.toMatchObject({
        code: 'COINFLOW_MISCONFIGURED',
        message: expect.stringMatching(/^(?!.*canary).*without "Bearer " before it/) as unknown,
      });
      void wrong.onApplicationShutdown();
    });

    it('and that is no key is a misconfiguration, without the value', async () => {
      const wrong = withKey(() => ' canary');
      const failure = wrong.createSessionKey({ userId: 'alice' });
      await expect(failure).rejects.toMatchObject({
        code: 'COINFLOW_MISCONFIGURED',
        reason: 'api-key-function-invalid',
      });
      await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining('canary') });
      expect(coinflow.calls).toEqual([]);
      void wrong.onApplicationShutdown();
    });

    it('is not asked for with a signed message', async () => {
      const apiKey = jest.fn(() => 'key');
      const signing = withKey(apiKey);
      const signed = {
        wallet: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
        blockchain: 'eth',
        signedMessage: '0x00',
      } as const;
      await expect(signing.createSessionKeyWithSignature(signed)).rejects.toMatchObject({
        code: 'COINFLOW_SIGNATURE_REJECTED',
      });
      expect(apiKey).not.toHaveBeenCalled();
      void signing.onApplicationShutdown();
    });
  });

  it('gives up a call that drips, at the time limit', async () => {
    const impatient = new CoinflowAuthService(
      resolveOptions({
        env: 'local',
        baseUrl: coinflow.url,
        apiKey: 'k',
        merchantId: 'demo-merchant',
        http: { timeoutMs: 50 },
      }),
    );
    coinflow.fail('session-key', { kind: 'hang' });
    await expect(impatient.createSessionKey({ userId: 'alice' })).rejects.toMatchObject({ reason: 'timeout' });
    void impatient.onApplicationShutdown();
  });

  it('says what is wrong when nothing listens', async () => {
    const { url } = coinflow;
    await coinflow.close();
    const lonely = new CoinflowAuthService(
      resolveOptions({ env: 'local', baseUrl: url, apiKey: 'k', merchantId: 'm' }),
    );
    await expect(lonely.createSessionKey({ userId: 'alice' })).rejects.toMatchObject({
      code: 'COINFLOW_UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
