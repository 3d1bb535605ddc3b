import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { EmulatorFault } from 'coinflow-emulator';
import type { CoinflowAuthModuleOptions } from 'nestjs-coinflow-auth';
import { coinflowAuthConfig } from 'nestjs-coinflow-auth/config';
import { LoginLimitGuard } from '../../apps/sample/src/login/login-limit.guard.js';
import { COINFLOW_AUTH_MODULE_OPTIONS } from '../../libs/coinflow-auth/src/options/tokens.js';
import { createSampleApp, type SampleApp } from '../harness/create-sample-app.js';
import { PLATFORMS } from '../harness/create-test-app.js';
import { GENEROUS_BUDGET } from '../../libs/coinflow-auth/test-doubles/generous-budget.js';
import type { SentResponse } from '../harness/send.js';
import { BLOCKCHAINS, walletOn, type TestWallet } from '../harness/wallets.js';

const REJECTED = { status: 401, body: { code: 'COINFLOW_SIGNATURE_REJECTED' } };
const WHICH = { eth: 'polygon', polygon: 'eth', base: 'eth', arbitrum: 'eth', monad: 'eth', tempo: 'eth' } as const;

/** Real key pairs sign messages. The requests go through the sample to the emulator. */
describe.each(PLATFORMS)('wallets on %s', (platform) => {
  let app: SampleApp;

  const start = async (): Promise<void> => {
    app = await createSampleApp({
      platform,
      // The tests need more logins than one client may make in a minute.
      override: (builder) =>
        builder
          .overrideGuard(LoginLimitGuard)
          .useValue({ canActivate: () => true })
          .overrideProvider(COINFLOW_AUTH_MODULE_OPTIONS)
          .useFactory({
            factory: (environment: CoinflowAuthModuleOptions) => ({ ...environment, budget: GENEROUS_BUDGET }),
            inject: [coinflowAuthConfig.KEY],
          }),
    });
  };

  const post = (path: string, body: object): Promise<SentResponse> =>
    app.send(`/coinflow/wallet/${path}`, { method: 'POST', body });

  async function messageFor({ address, blockchain }: TestWallet): Promise<string> {
    const answer = await post('message', { wallet: address, blockchain });
    expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
    return (answer.body as { message: string }).message;
  }

  const logIn = (wallet: string, blockchain: string, signedMessage: string): Promise<SentResponse> =>
    post('session-key', { wallet, blockchain, signedMessage });

  describe('with a healthy Coinflow', () => {
    // Each test uses its own wallets, so that one application can serve all tests.
    beforeAll(start);
    beforeEach(() => app.coinflow.reset());
    afterAll(() => app.close());

    describe.each(BLOCKCHAINS)('%s', (blockchain) => {
      it('creates a session key for a wallet that has signed, and verifies it without a call', async () => {
        const wallet = walletOn(blockchain);
        const answer = await logIn(wallet.address, blockchain, await wallet.sign(await messageFor(wallet)));
        expect(answer).toMatchObject({
          status: 200,
          body: { key: expect.any(String) },
          headers: { 'cache-control': 'no-store' },
        });
        const { key } = answer.body as { key: string };
        expect(await app.get('/me', key)).toMatchObject({
          status: 200,
          body: { subject: { kind: 'wallet', wallet: wallet.address, blockchain }, merchantId: 'demo-merchant' },
        });
        expect(app.coinflow.countCalls('verify')).toBe(0);
        const call = app.coinflow.calls.at(-1);
        expect(call).toMatchObject({
          endpoint: 'session-key',
          headers: { 'x-coinflow-auth-merchant-id': 'demo-merchant' },
        });
        expect(call?.headers).not.toHaveProperty('authorization');
      });

      it('rejects a wrong signature, message, wallet or blockchain, and a used message', async () => {
        const wallet = walletOn(blockchain);
        const other = walletOn(blockchain);
        const message = await messageFor(wallet);
        const signature = await wallet.sign(message);
        const refused = [
          await logIn(wallet.address, blockchain, await other.sign(message)),
          await logIn(wallet.address, blockchain, await wallet.sign(`${message} `)),
          await logIn(other.address, blockchain, signature),
          await logIn(wallet.address, blockchain, 'nonsense'),
        ];
        if (blockchain in WHICH)
          refused.push(await logIn(wallet.address, WHICH[blockchain as keyof typeof WHICH], signature));
        for (const answer of refused) expect(answer).toMatchObject(REJECTED);
        expect(await logIn(wallet.address, blockchain, signature)).toMatchObject({ status: 200 });
        expect(await logIn(wallet.address, blockchain, signature)).toMatchObject(REJECTED);
      });

      it('creates a session key for a wallet with the API key of the merchant', async () => {
        const { address } = walletOn(blockchain);
        const session = await app.service.createSessionKey({ wallet: address, blockchain: blockchain as 'eth' });
        expect(session.subject).toEqual({ kind: 'wallet', wallet: address, blockchain });
        expect(app.coinflow.calls.at(-1)?.headers).toHaveProperty('authorization');
      });
    });

    it('responds to a login without a signature with 400 and creates no session', async () => {
      const { address: wallet } = walletOn('eth');
      for (const body of [{}, { signedMessage: null }, { signedMessage: '' }]) {
        expect(await post('session-key', { wallet, blockchain: 'eth', ...body })).toMatchObject({ status: 400 });
      }
      expect(app.coinflow.calls).toEqual([]);
    });

    it('rejects an expired message of a wallet', async () => {
      const wallet = walletOn('solana');
      const signature = await wallet.sign(await messageFor(wallet));
      app.coinflow.setClockOffset(301_000);
      expect(await logIn(wallet.address, 'solana', signature)).toMatchObject(REJECTED);
    });

    it.each([
      [{ wallet: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed', blockchain: 'eth' }, 'EIP-55'],
      [{ wallet: 'nonsense', blockchain: 'solana' }, 'base58'],
      [{ wallet: 'GNONSENSE', blockchain: 'stellar' }, 'Stellar'],
      [{ wallet: 'nonsense', blockchain: 'user' }, 'blockchain must be one of'],
      [{ wallet: 'nonsense', blockchain: 'dogecoin' }, 'blockchain must be one of'],
      [{ wallet: 5, blockchain: 'eth' }, 'wallet must be a string'],
      [{ blockchain: 'eth' }, 'wallet should not be empty'],
    ])('responds to the body %j with 400 and a reason, without a call', async (body, why) => {
      for (const path of ['message', 'session-key']) {
        const answer = await post(path, path === 'message' ? body : { ...body, signedMessage: '0x00' });
        expect(answer.status).toBe(400);
        expect(answer.text).toContain(why);
      }
      expect(app.coinflow.calls).toEqual([]);
    });
  });

  describe('with other responses of Coinflow', () => {
    beforeEach(start);
    afterEach(() => app.close());

    it.each<[string, EmulatorFault, object]>([
      ['400', { kind: 'status', status: 400 }, REJECTED],
      ['401', { kind: 'status', status: 401 }, REJECTED],
      ['422', { kind: 'status', status: 422 }, REJECTED],
      ['403', { kind: 'status', status: 403 }, { status: 403, body: { code: 'COINFLOW_ISSUANCE_DENIED' } }],
      ['423', { kind: 'status', status: 423 }, { status: 403, body: { code: 'COINFLOW_ISSUANCE_DENIED' } }],
      ['451', { kind: 'status', status: 451 }, { status: 403, body: { code: 'COINFLOW_ISSUANCE_DENIED' } }],
      ['401 in HTML', { kind: 'html', status: 401 }, { status: 503, body: { code: 'COINFLOW_UNAVAILABLE' } }],
      ['429', { kind: 'rate-limited' }, { status: 503, body: { code: 'COINFLOW_BUDGET_EXHAUSTED' } }],
      ['a reset', { kind: 'reset' }, { status: 503, body: { code: 'COINFLOW_UNAVAILABLE' } }],
    ])('handles a response of Get Session Key to a signed message: %s', async (_, fault, expected) => {
      const wallet = walletOn('eth');
      const signature = await wallet.sign(await messageFor(wallet));
      app.coinflow.fail('session-key', fault);
      const answer = await logIn(wallet.address, 'eth', signature);
      expect(answer).toMatchObject(expected);
      if (answer.status === 401) expect(answer.headers['www-authenticate']).toBe('CoinflowSession realm="Coinflow"');
      expect(app.coinflow.countCalls('session-key')).toBe(1);
    });

    it.each<[string, EmulatorFault, object]>([
      [
        '400',
        { kind: 'status', status: 400, body: { details: 'unknown wallet' } },
        { status: 400, body: { code: 'COINFLOW_INVALID_ARGUMENT' } },
      ],
      ['403', { kind: 'status', status: 403 }, { status: 403, body: { code: 'COINFLOW_ISSUANCE_DENIED' } }],
      ['401', { kind: 'status', status: 401 }, { status: 503, body: { code: 'COINFLOW_UNAVAILABLE' } }],
      ['200 in HTML', { kind: 'html', status: 200 }, { status: 503, body: { code: 'COINFLOW_UNAVAILABLE' } }],
      [
        '200 without a message',
        { kind: 'status', status: 200, body: {} },
        { status: 503, body: { code: 'COINFLOW_UNAVAILABLE' } },
      ],
      ['404', { kind: 'status', status: 404 }, { status: 500, body: { code: 'COINFLOW_MISCONFIGURED' } }],
      ['429', { kind: 'rate-limited' }, { status: 503, body: { code: 'COINFLOW_BUDGET_EXHAUSTED' } }],
    ])('handles a response of Get Message: %s', async (_, fault, expected) => {
      app.coinflow.fail('message', fault);
      expect(await post('message', { wallet: walletOn('eth').address, blockchain: 'eth' })).toMatchObject(expected);
    });

    it('returns the transaction that Get Message adds on some blockchains', async () => {
      app.coinflow.fail('message', { kind: 'status', status: 200, body: { message: 'sign', transaction: 'AAAA' } });
      const { address } = walletOn('stellar');
      await expect(app.service.getMessage({ wallet: address, blockchain: 'stellar' })).resolves.toEqual({
        message: 'sign',
        transaction: 'AAAA',
      });
    });

    it('does not return a key that Coinflow created for another wallet', async () => {
      const wallet = walletOn('eth');
      const foreign = app.coinflow.signSessionKey({
        wallet: walletOn('eth').address,
        blockchain: 'eth',
        merchantId: 'demo-merchant',
      });
      const signature = await wallet.sign(await messageFor(wallet));
      app.coinflow.fail('session-key', { kind: 'status', status: 200, body: { key: foreign } });
      expect(await logIn(wallet.address, 'eth', signature)).toMatchObject({
        status: 503,
        body: { code: 'COINFLOW_UNAVAILABLE' },
      });
    });

    it('accepts a key for the same EVM wallet in lower case', async () => {
      const { address } = walletOn('base');
      const key = app.coinflow.signSessionKey({
        wallet: address.toLowerCase(),
        blockchain: 'base',
        merchantId: 'demo-merchant',
      });
      app.coinflow.fail('session-key', { kind: 'status', status: 200, body: { key } });
      await expect(app.service.createSessionKey({ wallet: address, blockchain: 'base' })).resolves.toMatchObject({
        key,
      });
    });
  });
});
