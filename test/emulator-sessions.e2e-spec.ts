import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startCoinflowEmulator, type CoinflowEmulator } from 'coinflow-emulator';
import { giveBackEmulator, takeEmulator } from './harness/emulator-pool.js';
import { EmulatorClient, claimsOf, walletHeaders } from './harness/emulator-client.js';
import { BLOCKCHAINS, EVM_CHAINS, walletOn } from './harness/wallets.js';

type Headers = Record<string, string>;

const missing = (name: string) => ({ details: `Header ${name} is required` });

describe('emulator: session keys', () => {
  let coinflow: CoinflowEmulator;
  let client: EmulatorClient;

  beforeEach(async () => {
    coinflow = await takeEmulator();
    client = new EmulatorClient(coinflow);
  });

  afterEach(() => giveBackEmulator(coinflow));

  describe('Get Message', () => {
    it.each(BLOCKCHAINS)('creates a message that names the wallet and the blockchain %s', async (blockchain) => {
      const wallet = walletOn(blockchain);
      const { status, body } = await client.message(walletHeaders(wallet));
      expect([status, body]).toEqual([200, { message: expect.stringContaining(`Wallet: ${wallet.address}`) }]);
      expect(body).toEqual({ message: expect.stringContaining(`Blockchain: ${blockchain}`) });
      expect(await client.messageFor(wallet)).not.toBe((body as { message: string }).message);
    });

    it.each<[string, Headers, unknown]>([
      ['nothing', {}, missing('x-coinflow-auth-wallet')],
      ['no wallet', { 'x-coinflow-auth-blockchain': 'eth' }, missing('x-coinflow-auth-wallet')],
    ])('requires the headers of Get Message: %s', async (_, headers, body) => {
      expect(await client.message(headers)).toMatchObject({ status: 401, body });
    });

    it.each(BLOCKCHAINS)('recognises the blockchain %s by the address', async (blockchain) => {
      const wallet = walletOn(blockchain);
      const { status, body } = await client.message({ 'x-coinflow-auth-wallet': wallet.address });
      const { message } = body as { message: string };
      const named = EVM_CHAINS.includes(blockchain) ? EVM_CHAINS.join(' or ') : blockchain;
      expect([status, message]).toEqual([200, expect.stringContaining(`\nBlockchain: ${named}\n`)]);
      const headers = {
        'x-coinflow-auth-signed-message': await wallet.sign(message),
        'x-coinflow-auth-merchant-id': client.merchantId,
      };
      const unnamed = await client.sessionKey({ ...headers, 'x-coinflow-auth-wallet': wallet.address });
      expect(unnamed).toMatchObject({ status: 401, body: missing('x-coinflow-auth-blockchain') });
      const { body: created } = await client.sessionKey({ ...headers, ...walletHeaders(wallet) });
      expect(claimsOf((created as { key: string }).key)).toMatchObject({ wallet: wallet.address, blockchain });
    });

    it.each(['0x1', 'alice', `0x${'1'.repeat(64)}`, 'M'.repeat(56), '1'.repeat(44)])(
      'rejects %s, which is not an address of any blockchain',
      async (address) => {
        expect(await client.message({ 'x-coinflow-auth-wallet': address })).toMatchObject({
          status: 401,
          body: {
            message: expect.stringMatching(
              /^x-coinflow-auth-wallet is not a valid address on any of solana, stellar, eth,/,
            ),
          },
        });
      },
    );

    it.each([
      ['user', `0x${'1'.repeat(40)}`, 'x-coinflow-auth-blockchain must be one of solana'],
      ['bitcoin', `0x${'1'.repeat(40)}`, 'x-coinflow-auth-blockchain must be one of solana'],
      ['__proto__', `0x${'1'.repeat(40)}`, 'x-coinflow-auth-blockchain must be one of solana'],
      ['ETH', `0x${'1'.repeat(40)}`, 'x-coinflow-auth-blockchain must be one of solana'],
      ['eth', '0x1', 'x-coinflow-auth-wallet is not a valid address on eth'],
      ['solana', `0x${'1'.repeat(40)}`, 'x-coinflow-auth-wallet is not a valid address on solana'],
      ['stellar', walletOn('solana').address, 'x-coinflow-auth-wallet is not a valid address on stellar'],
    ])('rejects the blockchain %s with the address %s', async (blockchain, address, text) => {
      expect(await client.message(walletHeaders({ blockchain, address }))).toMatchObject({
        status: 401,
        body: { message: expect.stringContaining(text), debugId: expect.any(String) },
      });
    });
  });

  describe.each(BLOCKCHAINS)('a wallet that has signed, on %s', (blockchain) => {
    it('creates a key for a wallet that has signed, which Verify Token accepts', async () => {
      const wallet = walletOn(blockchain);
      const { status, body } = await client.sessionKey(await client.signed(wallet));
      expect(status).toBe(200);
      const { key } = body as { key: string };
      const { iat, exp, ...claims } = claimsOf(key);
      expect(claims).toEqual({ wallet: wallet.address, blockchain, merchantId: 'demo-merchant' });
      expect(Number(exp) - Number(iat)).toBe(86_400);
      expect(await client.verify(key)).toMatchObject({ status: 200, text: '' });
    });

    it('creates no key for a used message', async () => {
      const headers = await client.signed(walletOn(blockchain));
      expect(await client.sessionKey(headers)).toMatchObject({ status: 200 });
      expect(await client.sessionKey(headers)).toMatchObject({
        status: 401,
        body: { message: expect.stringContaining('There is no message') },
      });
    });

    it('creates no key for an expired message', async () => {
      const headers = await client.signed(walletOn(blockchain));
      coinflow.setClockOffset(300_000);
      expect(await client.sessionKey(headers)).toMatchObject({
        status: 401,
        body: { message: expect.stringContaining('There is no message') },
      });
    });

    it('creates no key for the signature of another wallet, over another message, or an invalid one', async () => {
      const [wallet, other] = [walletOn(blockchain), walletOn(blockchain)];
      const headers = await client.signed(wallet);
      const signatures = [
        await other.sign(await client.messageFor(wallet)),
        await wallet.sign(await client.messageFor(other)),
        await wallet.sign('a text of my own'),
        'garbage',
      ];
      for (const signature of signatures) {
        expect(await client.sessionKey({ ...headers, 'x-coinflow-auth-signed-message': signature })).toMatchObject({
          status: 401,
          body: { message: expect.stringContaining('not by this wallet') },
        });
      }
      expect(await client.sessionKey(headers)).toMatchObject({ status: 200 });
    });

    it('creates no key for the address of another wallet', async () => {
      const [wallet, other] = [walletOn(blockchain), walletOn(blockchain)];
      await client.messageFor(other);
      const headers = { ...(await client.signed(wallet)), 'x-coinflow-auth-wallet': other.address };
      expect(await client.sessionKey(headers)).toMatchObject({ status: 401, body: { message: expect.any(String) } });
    });

    it('creates no key for a wallet on another blockchain', async () => {
      const headers = await client.signed(walletOn(blockchain));
      for (const other of [...BLOCKCHAINS, 'user', 'bitcoin'].filter((name) => name !== blockchain)) {
        expect(await client.sessionKey({ ...headers, 'x-coinflow-auth-blockchain': other })).toMatchObject({
          status: 401,
          body: { message: expect.any(String) },
        });
      }
      expect(await client.sessionKey(headers)).toMatchObject({ status: 200 });
    });

    it('creates no key for an unknown merchant, and accepts the same message afterwards', async () => {
      const headers = await client.signed(walletOn(blockchain));
      expect(await client.sessionKey({ ...headers, 'x-coinflow-auth-merchant-id': 'nobody' })).toMatchObject({
        status: 401,
        body: { message: 'Unknown merchant' },
      });
      expect(await client.sessionKey(headers)).toMatchObject({ status: 200 });
    });
  });

  it('accepts an EVM address in any case', async () => {
    const wallet = walletOn('base');
    const headers = await client.signed({ ...wallet, address: wallet.address.toLowerCase() });
    const { body } = await client.sessionKey({ ...headers, 'x-coinflow-auth-wallet': wallet.address });
    expect(claimsOf((body as { key: string }).key)).toMatchObject({ wallet: wallet.address });
  });

  it('rejects a message of another emulator', async () => {
    const other = await startCoinflowEmulator();
    const headers = await new EmulatorClient(other).signed(walletOn('eth'));
    expect(await client.sessionKey(headers)).toMatchObject({ status: 401 });
    await other.close();
  });

  it('creates one key for one message under concurrent requests', async () => {
    const headers = await client.signed(walletOn('eth'));
    const answers = await Promise.all(Array.from({ length: 10 }, () => client.sessionKey(headers)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  describe('Get Session Key', () => {
    const API_KEY = { authorization: 'coinflow_emulator_key_of_demo_merchant' };
    const USER = { 'x-coinflow-auth-user-id': 'alice' };
    const WALLET = { 'x-coinflow-auth-wallet': `0x${'1'.repeat(40)}` };
    const CHAIN = { 'x-coinflow-auth-blockchain': 'eth' };
    const SIGNED = { 'x-coinflow-auth-signed-message': '0x' };
    const MERCHANT = { 'x-coinflow-auth-merchant-id': 'demo-merchant' };
    const PARTS = { API_KEY, USER, WALLET, CHAIN, SIGNED, MERCHANT };

    /** The expected response for each of the 64 sets of headers. */
    const expected = (names: string[]): [number, unknown] => {
      const has = (name: string): boolean => names.includes(name);
      const mixture = { message: expect.stringMatching(/^Send either/), debugId: expect.any(String) };
      if ((has('SIGNED') || has('MERCHANT')) && (has('API_KEY') || has('USER'))) return [400, mixture];
      if (has('USER') && (has('WALLET') || has('CHAIN'))) return [400, mixture];
      if (has('SIGNED') || has('MERCHANT')) {
        if (!has('SIGNED')) return [401, missing('x-coinflow-auth-signed-message')];
        if (!has('WALLET')) return [401, missing('x-coinflow-auth-wallet')];
        if (!has('CHAIN')) return [401, missing('x-coinflow-auth-blockchain')];
        if (!has('MERCHANT')) return [401, missing('x-coinflow-auth-merchant-id')];
        return [401, { message: expect.stringContaining('There is no message'), debugId: expect.any(String) }];
      }
      if (!has('API_KEY')) return [401, missing('authorization')];
      if (!has('USER') && !has('WALLET')) return [401, missing('x-coinflow-auth-user-id')];
      if (has('WALLET') && !has('CHAIN')) return [401, missing('x-coinflow-auth-blockchain')];
      return [200, { key: expect.any(String) }];
    };

    const sets = Array.from({ length: 64 }, (_, bits) =>
      Object.keys(PARTS).filter((_name, index) => (bits >> index) & 1),
    );

    it.each(sets.map((names) => [names.join(' + ') || 'nothing', names] as const))(
      'accepts or rejects Get Session Key by its headers: %s',
      async (_, names) => {
        const headers = Object.assign({}, ...names.map((name) => PARTS[name as keyof typeof PARTS])) as Headers;
        const { status, body } = await client.sessionKey(headers);
        expect([status, body]).toEqual(expected(names));
      },
    );

    it('accepts the blockchain "user" with a user id', async () => {
      const headers = { ...API_KEY, ...USER, 'x-coinflow-auth-blockchain': 'user' };
      expect(await client.sessionKey(headers)).toMatchObject({ status: 200 });
    });

    it.each(['user', 'bitcoin'])('rejects a wallet on %s from a merchant', async (blockchain) => {
      const headers = { ...API_KEY, ...WALLET, 'x-coinflow-auth-blockchain': blockchain };
      expect(await client.sessionKey(headers)).toMatchObject({
        status: 401,
        body: { message: expect.stringContaining('must be one of') },
      });
    });
  });

  describe('special keys', () => {
    it('accepts an opaque key until it expires', async () => {
      coinflow.setIssuance({ form: 'opaque', lifetimeSeconds: 60 });
      const key = await client.create();
      expect(key).toMatch(/^[0-9a-f]{32}$/);
      expect(await client.verify(key)).toMatchObject({ status: 200 });
      coinflow.setClockOffset(60_000);
      expect(await client.verify(key)).toMatchObject({ status: 401 });
      expect(await client.verify('0'.repeat(32))).toMatchObject({ status: 401 });
    });

    it('removes, adds and replaces claims of created keys until reset', async () => {
      coinflow.setIssuance({ claims: { exp: null, merchantId: null, customerId: ['odd'], added: { deep: true } } });
      const key = await client.create();
      expect(claimsOf(key)).toEqual({ iat: expect.any(Number), customerId: ['odd'], added: { deep: true } });
      coinflow.setClockOffset(1_000 * 86_400_000);
      expect(await client.verify(key)).toMatchObject({ status: 200 });
      coinflow.reset();
      expect(claimsOf(await client.create())).toMatchObject({ customerId: 'alice', merchantId: 'demo-merchant' });
      expect(await client.verify(key)).toMatchObject({ status: 200 });
    });

    it('accepts the issuance settings as a start option', async () => {
      const own = await startCoinflowEmulator({ issuance: { lifetimeSeconds: 60 }, messageLifetimeMs: 1_000 });
      const ownClient = new EmulatorClient(own);
      const { iat, exp } = claimsOf(await ownClient.create());
      expect(Number(exp) - Number(iat)).toBe(60);
      const headers = await ownClient.signed(walletOn('solana'));
      own.setClockOffset(1_000);
      expect(await ownClient.sessionKey(headers)).toMatchObject({ status: 401 });
      await own.close();
    });
  });
});
