import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startCoinflowEmulator, type CoinflowEmulator } from 'coinflow-emulator';
import type { SessionKeySubject, SignedWallet } from './issuance/subject-arguments.js';
import { TestService } from '../test-doubles/test-service.js';

const WALLET = { wallet: `0x${'0'.repeat(40)}`, blockchain: 'eth' } as const;

describe('CoinflowAuthService', () => {
  let coinflow: CoinflowEmulator;
  let service: TestService;

  beforeEach(async () => {
    coinflow = await startCoinflowEmulator();
    service = new TestService({
      env: 'local',
      baseUrl: coinflow.url,
      apiKey: coinflow.merchants[0]?.apiKey ?? '',
      merchantId: 'demo-merchant',
    });
  });

  afterEach(async () => {
    void service.stop();
    await coinflow.close();
  });

  it('sends the API key without a prefix, and only to create session keys', async () => {
    const { key } = await service.createSessionKey({ userId: 'alice' }, { clientIp: '203.0.113.7' });
    await service.verifySessionKey(key, { maxAgeMs: 0 });
    const [create, verify] = coinflow.calls;
    expect(create).toMatchObject({
      endpoint: 'session-key',
      headers: { 'x-coinflow-auth-user-id': 'alice', 'x-coinflow-client-ip': '203.0.113.7', authorization: '***' },
    });
    expect(verify?.endpoint).toBe('verify');
    expect(verify?.headers).not.toHaveProperty('authorization');
  });

  it('keeps its connection to Coinflow alive', async () => {
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
  ])('names an invalid %s before it makes a call', async (argument, subject, options) => {
    await expect(service.createSessionKey(subject, options)).rejects.toMatchObject({
      code: 'COINFLOW_INVALID_ARGUMENT',
      argument,
    });
    expect(coinflow.calls).toEqual([]);
  });

  it('names a user ID, a wallet or a signed message that is not a string', async () => {
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
  ])('rejects a signed login without a valid %s before it makes a call: %j', async (argument, signed) => {
    await expect(service.createSessionKeyWithSignature(signed as SignedWallet)).rejects.toMatchObject({
      code: 'COINFLOW_INVALID_ARGUMENT',
      argument,
    });
    expect(coinflow.calls).toEqual([]);
  });

  it('never sends the API key with a signed login, even if the client adds other properties', async () => {
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
  ])('rejects verifySessionKey(%p) with %s', async (key, code) => {
    await expect(service.verifySessionKey(key as string)).rejects.toMatchObject({ code });
  });

  it.each([
    ['', 'COINFLOW_SESSION_KEY_MISSING'],
    [undefined, 'COINFLOW_SESSION_KEY_MISSING'],
    [5, 'COINFLOW_SESSION_KEY_MALFORMED'],
    ['no key', 'COINFLOW_SESSION_KEY_MALFORMED'],
  ])('rejects revokeSessionKey(%p) with %s, and revokes nothing', async (key, code) => {
    await expect(service.revokeSessionKey(key as string)).rejects.toMatchObject({ code });
    expect(service.metrics().cache.revokedKeys).toBe(0);
  });

  it.each([{}, { userId: '' }, { wallet: 'w' }, { userId: 'a', wallet: 'w', blockchain: 'eth' }, undefined])(
    'rejects revokeSubject(%j), which names no user or wallet',
    async (subject) => {
      await expect(service.revokeSubject(subject as never)).rejects.toMatchObject({
        code: 'COINFLOW_INVALID_ARGUMENT',
      });
      expect(service.metrics().cache.revokedSubjects).toBe(0);
    },
  );

  it.each([-1, NaN, 'a' as unknown as number])('rejects maxAgeMs %p', async (maxAgeMs) => {
    await expect(service.verifySessionKey('key', { maxAgeMs })).rejects.toMatchObject({ argument: 'maxAgeMs' });
  });

  it('allows a client five calls for wallet logins in total, and still verifies its keys', async () => {
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

  it('tells a rejected API key apart from a denied user', async () => {
    const wrong = new TestService({
      env: 'local',
      baseUrl: coinflow.url,
      apiKey: 'wrong',
      merchantId: 'demo-merchant',
    });
    await expect(wrong.createSessionKey({ userId: 'alice' })).rejects.toMatchObject({
      code: 'COINFLOW_MISCONFIGURED',
      reason: 'api-key-rejected',
      action: expect.stringContaining('COINFLOW_API_KEY'),
    });
    void wrong.stop();
  });

  describe('an API key that a function returns', () => {
    const withKey = (apiKey: () => string | Promise<string>): TestService =>
      new TestService({ env: 'local', baseUrl: coinflow.url, apiKey, merchantId: 'demo-merchant' });

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
      void rotating.stop();
    });

    it.each([
      [
        'throws',
        () => {
          throw new Error('canary');
        },
      ],
      ['rejects', () => Promise.reject(new Error('canary'))],
    ])("is an outage without the error's message when the function %s", async (_, apiKey) => {
      const failing = withKey(apiKey);
      const failure = failing.createSessionKey({ userId: 'alice' });
      await expect(failure).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE', reason: 'api-key-function-failed' });
      await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining('canary') });
      await expect(failure).rejects.not.toHaveProperty('cause');
      void failing.stop();
    });

    it('is a misconfiguration when it begins with "Bearer "', async () => {
      const wrong = withKey(() => 'Bearer canary');
      await expect(wrong.createSessionKey({ userId: 'alice' })).rejects.toMatchObject({
        code: 'COINFLOW_MISCONFIGURED',
        message: expect.stringMatching(/^(?!.*canary).*without "Bearer " before it/) as unknown,
      });
      void wrong.stop();
    });

    it('is a misconfiguration that does not contain the value when it is not a key', async () => {
      const wrong = withKey(() => ' canary');
      const failure = wrong.createSessionKey({ userId: 'alice' });
      await expect(failure).rejects.toMatchObject({
        code: 'COINFLOW_MISCONFIGURED',
        reason: 'api-key-function-invalid',
      });
      await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining('canary') });
      expect(coinflow.calls).toEqual([]);
      void wrong.stop();
    });

    it('is not read for a signed login', async () => {
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
      void signing.stop();
    });
  });

  it('ends a call that Coinflow does not answer at the timeout', async () => {
    const impatient = new TestService({
      env: 'local',
      baseUrl: coinflow.url,
      apiKey: 'k',
      merchantId: 'demo-merchant',
      http: { timeoutMs: 50 },
    });
    coinflow.fail('session-key', { kind: 'hang' });
    await expect(impatient.createSessionKey({ userId: 'alice' })).rejects.toMatchObject({ reason: 'timeout' });
    void impatient.stop();
  });

  it('names the connection error when nothing listens', async () => {
    const { url } = coinflow;
    await coinflow.close();
    const lonely = new TestService({ env: 'local', baseUrl: url, apiKey: 'k', merchantId: 'm' });
    await expect(lonely.createSessionKey({ userId: 'alice' })).rejects.toMatchObject({
      code: 'COINFLOW_UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
