import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils';
import { base58 } from '@scure/base';
import { isObject } from '../api/type-guards.js';

/** Signs messages with the private key of an address. */
export interface Wallet {
  readonly address: string;
  readonly blockchain: 'solana' | 'eth';
  /** @returns the signature as Coinflow accepts it: base58 for Solana, `0x` hex of r, s and v for EVM chains */
  readonly sign: (message: string) => Promise<string>;
}

/** A wallet that the user can choose. */
export interface WalletOffer {
  readonly id: string;
  readonly name: string;
  /** A temporary wallet signs without a dialog, so the page can renew its session without the user. */
  readonly isTemporary: boolean;
  readonly open: () => Promise<Wallet>;
}

/** The part of EIP-1193 that the page needs. */
interface EvmProvider {
  request(call: { method: string; params?: readonly unknown[] }): Promise<unknown>;
}

/** The wallet that a browser extension provides as `window.ethereum`, if there is one. */
export function injectedEvmOffer(candidate: unknown): WalletOffer | undefined {
  if (!isProvider(candidate)) return undefined;
  return {
    id: 'injected-evm',
    name: 'Ethereum wallet of this browser',
    isTemporary: false,
    open: () => openEvmWallet(candidate),
  };
}

async function openEvmWallet(provider: EvmProvider): Promise<Wallet> {
  const accounts = await provider.request({ method: 'eth_requestAccounts' });
  const address: unknown = Array.isArray(accounts) ? accounts[0] : undefined;
  if (typeof address !== 'string') throw new Error('The wallet has no account.');
  return {
    address,
    blockchain: 'eth',
    sign: async (message) => {
      const params = [`0x${bytesToHex(utf8ToBytes(message))}`, address];
      const signature = await provider.request({ method: 'personal_sign', params });
      if (typeof signature !== 'string') throw new Error('The wallet did not sign the message.');
      return signature;
    },
  };
}

function isProvider(candidate: unknown): candidate is EvmProvider {
  return isObject(candidate) && typeof candidate.request === 'function';
}

const CONNECT = 'standard:connect';
const SIGN_MESSAGE = 'solana:signMessage';

interface Account {
  readonly address: string;
}

/** The part of the Wallet Standard that the page needs. Features have names. */
export interface StandardWallet {
  readonly name: string;
  readonly chains: readonly string[];
  readonly features: Readonly<Record<string, unknown>>;
}

interface ConnectFeature {
  connect(): Promise<{ readonly accounts: readonly Account[] }>;
}

interface SignMessageFeature {
  signMessage(input: { account: Account; message: Uint8Array }): Promise<readonly { readonly signature: Uint8Array }[]>;
}

/** The browser's wallets that can sign a message for Solana. */
export function solanaOffers(wallets: readonly StandardWallet[]): WalletOffer[] {
  return wallets.flatMap((wallet) => {
    const connect = wallet.features[CONNECT];
    const signMessage = wallet.features[SIGN_MESSAGE];
    const isSolana = wallet.chains.some((chain) => chain.startsWith('solana:'));
    if (!isSolana || !hasConnect(connect) || !hasSignMessage(signMessage)) return [];
    const open = (): Promise<Wallet> => openSolanaWallet(connect, signMessage);
    return [{ id: `solana-${wallet.name}`, name: `${wallet.name} (Solana)`, isTemporary: false, open }];
  });
}

async function openSolanaWallet(connectFeature: ConnectFeature, signFeature: SignMessageFeature): Promise<Wallet> {
  const [account] = (await connectFeature.connect()).accounts;
  if (!account) throw new Error('The wallet has no account.');
  return {
    address: account.address,
    blockchain: 'solana',
    sign: async (message) => {
      const [signed] = await signFeature.signMessage({ account, message: new TextEncoder().encode(message) });
      if (!signed) throw new Error('The wallet did not sign the message.');
      return base58.encode(signed.signature);
    },
  };
}

function hasConnect(feature: unknown): feature is ConnectFeature {
  return isObject(feature) && typeof feature.connect === 'function';
}

function hasSignMessage(feature: unknown): feature is SignMessageFeature {
  return isObject(feature) && typeof feature.signMessage === 'function';
}
