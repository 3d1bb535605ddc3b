import { describe, expect, it } from '@jest/globals';
import { base58 } from '@scure/base';
import { injectedEvmOffer, solanaOffers, type StandardWallet } from './browser-wallets.js';

describe('injectedEvmOffer', () => {
  it.each([undefined, null, 'metamask', {}, { request: 1 }])('ignores the value %j of window.ethereum', (candidate) => {
    expect(injectedEvmOffer(candidate)).toBeUndefined();
  });

  it('requests an account, then a signature over the bytes of the message', async () => {
    const calls: unknown[] = [];
    const request = (call: { method: string }): Promise<unknown> => {
      calls.push(call);
      return Promise.resolve(call.method === 'eth_requestAccounts' ? ['0xabc'] : '0x51');
    };
    const wallet = await injectedEvmOffer({ request })?.open();
    expect(wallet).toMatchObject({ address: '0xabc', blockchain: 'eth' });
    expect(await wallet?.sign('hi')).toBe('0x51');
    expect(calls).toEqual([
      { method: 'eth_requestAccounts' },
      { method: 'personal_sign', params: ['0x6869', '0xabc'] },
    ]);
  });

  it.each([{ accounts: [] }, { accounts: 'none' }])(
    'rejects a wallet with the accounts $accounts',
    async ({ accounts }) => {
      const offer = injectedEvmOffer({ request: () => Promise.resolve(accounts) });
      await expect(offer?.open()).rejects.toThrow('has no account');
    },
  );
});

describe('solanaOffers', () => {
  const account = { address: 'So1' };
  const features = {
    'standard:connect': { connect: () => Promise.resolve({ accounts: [account] }) },
    'solana:signMessage': { signMessage: () => Promise.resolve([{ signature: Uint8Array.of(1, 2, 3) }]) },
  };
  const wallet: StandardWallet = { name: 'Phantom', chains: ['solana:mainnet'], features };

  it('signs a message for Solana and encodes the signature in base58', async () => {
    const [offer] = solanaOffers([wallet]);
    expect(offer).toMatchObject({ name: 'Phantom (Solana)', isTemporary: false });
    const opened = await offer?.open();
    expect(opened).toMatchObject({ address: 'So1', blockchain: 'solana' });
    expect(await opened?.sign('hi')).toBe(base58.encode(Uint8Array.of(1, 2, 3)));
  });

  it.each([
    ['of other chains', { ...wallet, chains: ['sui:mainnet'] }],
    ['that cannot connect', { ...wallet, features: { 'solana:signMessage': features['solana:signMessage'] } }],
    ['that cannot sign messages', { ...wallet, features: { 'standard:connect': features['standard:connect'] } }],
  ])('does not offer a wallet %s', (_, other) => {
    expect(solanaOffers([other])).toEqual([]);
  });
});
