import { signal } from '@preact/signals';
import { getWallets } from '@wallet-standard/app';
import { injectedEvmOffer } from './injected-evm.js';
import { solanaOffers } from './solana-standard.js';
import type { WalletOffer } from './wallet.js';

/** Their curves are loaded when somebody signs in with one: more than a third of the page's code. */
const THROW_AWAY: readonly WalletOffer[] = [
  {
    id: 'throw-away-solana',
    name: 'Throw-away Solana wallet',
    isThrowAway: true,
    open: async () => (await import('./throw-away.js')).throwAwaySolanaWallet(),
  },
  {
    id: 'throw-away-evm',
    name: 'Throw-away Ethereum wallet',
    isThrowAway: true,
    open: async () => (await import('./throw-away.js')).throwAwayEvmWallet(),
  },
];

/** The wallets of this browser, if it has some, and the two that anybody has. */
export const walletOffers = signal<readonly WalletOffer[]>(THROW_AWAY);

/** Extensions come into the page when they like. */
export function lookForWallets(): void {
  const standard = getWallets();
  const refresh = (): void => {
    const evm = injectedEvmOffer('ethereum' in window ? window.ethereum : undefined);
    walletOffers.value = [...(evm ? [evm] : []), ...solanaOffers(standard.get()), ...THROW_AWAY];
  };
  standard.on('register', refresh);
  standard.on('unregister', refresh);
  window.addEventListener('ethereum#initialized', refresh);
  refresh();
}
