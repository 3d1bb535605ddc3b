import { describe, expect, it } from '@jest/globals';
import { base58 } from '@scure/base';
import { injectedEvmOffer } from './injected-evm.js';
import { solanaOffers, type StandardWallet } from './solana-standard.js';

describe('the wallet at window.ethereum', () => {
  it.each([undefined, null, 'metamask', {}, { request: 1 }])('is none: %j', (candidate) => {
    expect(injectedEvmOffer(candidate)).toBeUndefined();
  });

  it('is asked for an account, then to sign the bytes of the message', async () => {
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

  it.each([{ answer: [] }, { answer: 'none' }])('cannot be used without an account: $answer', async ({ answer }) => {
    const offer = injectedEvmOffer({ request: () => Promise.resolve(answer) });
    await expect(offer?.open()).rejects.toThrow('names no account');
  });
});

describe('the wallets of the Wallet Standard', () => {
  const account = { address: 'So1' };
  const features = {
    'standard:connect': { connect: () => Promise.resolve({ accounts: [account] }) },
    'solana:signMessage': { signMessage: () => Promise.resolve([{ signature: Uint8Array.of(1, 2, 3) }]) },
  };
  const wallet: StandardWallet = { name: 'Phantom', chains: ['solana:mainnet'], features };

  it('sign for Solana, in base58', async () => {
    const [offer] = solanaOffers([wallet]);
    expect(offer).toMatchObject({ name: 'Phantom (Solana)', isThrowAway: false });
    const opened = await offer?.open();
    expect(opened).toMatchObject({ address: 'So1', blockchain: 'solana' });
    expect(await opened?.sign('hi')).toBe(base58.encode(Uint8Array.of(1, 2, 3)));
  });

  it.each([
    ['of other chains', { ...wallet, chains: ['sui:mainnet'] }],
    ['that cannot connect', { ...wallet, features: { 'solana:signMessage': features['solana:signMessage'] } }],
    ['that cannot sign messages', { ...wallet, features: { 'standard:connect': features['standard:connect'] } }],
  ])('those %s are not offered', (_, other) => {
    expect(solanaOffers([other])).toEqual([]);
  });
});
