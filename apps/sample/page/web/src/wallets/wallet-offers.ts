import { signal } from '@preact/signals';
import { getWallets } from '@wallet-standard/app';
import { injectedEvmOffer, solanaOffers, type WalletOffer } from './browser-wallets.js';

/** Loaded on use: the elliptic curves are more than a third of the page's code. */
const TEMPORARY: readonly WalletOffer[] = [
  {
    id: 'temporary-solana',
    name: 'Temporary Solana wallet',
    isTemporary: true,
    open: async () => (await import('./temporary-wallets.js')).temporarySolanaWallet(),
  },
  {
    id: 'temporary-evm',
    name: 'Temporary Ethereum wallet',
    isTemporary: true,
    open: async () => (await import('./temporary-wallets.js')).temporaryEvmWallet(),
  },
];

/** The wallets of this browser, then the temporary ones. */
export const walletOffers = signal<readonly WalletOffer[]>(TEMPORARY);

/** Browser extensions register their wallets at any time, so the list follows their events. */
export function discoverWallets(): void {
  const standard = getWallets();
  const refresh = (): void => {
    const evm = injectedEvmOffer('ethereum' in window ? window.ethereum : undefined);
    walletOffers.value = [...(evm ? [evm] : []), ...solanaOffers(standard.get()), ...TEMPORARY];
  };
  standard.on('register', refresh);
  standard.on('unregister', refresh);
  window.addEventListener('ethereum#initialized', refresh);
  refresh();
}
