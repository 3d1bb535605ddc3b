import { base58 } from '@scure/base';
import { isObject } from '../api/shapes.js';
import type { Wallet, WalletOffer } from './wallet.js';

const CONNECT = 'standard:connect';
const SIGN_MESSAGE = 'solana:signMessage';

interface Account {
  readonly address: string;
}

/** What is needed of a wallet of the Wallet Standard: its features are told apart by name. */
export interface StandardWallet {
  readonly name: string;
  readonly chains: readonly string[];
  readonly features: Readonly<Record<string, unknown>>;
}

interface Connecting {
  connect(): Promise<{ readonly accounts: readonly Account[] }>;
}

interface Signing {
  signMessage(input: { account: Account; message: Uint8Array }): Promise<readonly { readonly signature: Uint8Array }[]>;
}

/** Those of the browser's wallets that can sign a message for Solana. */
export function solanaOffers(wallets: readonly StandardWallet[]): WalletOffer[] {
  return wallets.flatMap((wallet) => {
    const connecting = wallet.features[CONNECT];
    const signing = wallet.features[SIGN_MESSAGE];
    const isOfSolana = wallet.chains.some((chain) => chain.startsWith('solana:'));
    if (!isOfSolana || !isConnecting(connecting) || !isSigning(signing)) return [];
    const open = (): Promise<Wallet> => openWallet(connecting, signing);
    return [{ id: `solana-${wallet.name}`, name: `${wallet.name} (Solana)`, isThrowAway: false, open }];
  });
}

async function openWallet(connecting: Connecting, signing: Signing): Promise<Wallet> {
  const [account] = (await connecting.connect()).accounts;
  if (!account) throw new Error('The wallet names no account.');
  return {
    address: account.address,
    blockchain: 'solana',
    sign: async (message) => {
      const [signed] = await signing.signMessage({ account, message: new TextEncoder().encode(message) });
      if (!signed) throw new Error('The wallet has not signed.');
      return base58.encode(signed.signature);
    },
  };
}

function isConnecting(feature: unknown): feature is Connecting {
  return isObject(feature) && typeof feature.connect === 'function';
}

function isSigning(feature: unknown): feature is Signing {
  return isObject(feature) && typeof feature.signMessage === 'function';
}
