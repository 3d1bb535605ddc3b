import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils';
import type { Wallet, WalletOffer } from './wallet.js';

/** EIP-1193, as far as it is needed. */
interface EvmProvider {
  request(call: { method: string; params?: readonly unknown[] }): Promise<unknown>;
}

/** The wallet that an extension has put into the page as `window.ethereum`, if there is one. */
export function injectedEvmOffer(candidate: unknown): WalletOffer | undefined {
  if (!isProvider(candidate)) return undefined;
  return {
    id: 'injected-evm',
    name: 'Ethereum wallet of this browser',
    isThrowAway: false,
    open: () => openWallet(candidate),
  };
}

async function openWallet(provider: EvmProvider): Promise<Wallet> {
  const accounts = await provider.request({ method: 'eth_requestAccounts' });
  const address: unknown = Array.isArray(accounts) ? accounts[0] : undefined;
  if (typeof address !== 'string') throw new Error('The wallet names no account.');
  return {
    address,
    blockchain: 'eth',
    sign: async (message) => {
      const params = [`0x${bytesToHex(utf8ToBytes(message))}`, address];
      const signature = await provider.request({ method: 'personal_sign', params });
      if (typeof signature !== 'string') throw new Error('The wallet has not signed.');
      return signature;
    },
  };
}

function isProvider(candidate: unknown): candidate is EvmProvider {
  return (
    typeof candidate === 'object' &&
    candidate !== null &&
    'request' in candidate &&
    typeof candidate.request === 'function'
  );
}
