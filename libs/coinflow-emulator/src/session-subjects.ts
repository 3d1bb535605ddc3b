import { chainOf, walletOf } from './chains/blockchains.js';
import type { Credentials } from './credentials.js';
import type { Merchants } from './merchants.js';
import type { Messages } from './messages.js';
import { refused } from './refusal.js';
import type { SessionKeyClaims } from './session-keys.js';

/**
 * Whom the key is for when the merchant's API key vouches for it: a user or a wallet, whatever the merchant says.
 * @throws {Refusal}
 */
export function vouchedByApiKey(credentials: Credentials, merchants: Merchants): SessionKeyClaims {
  const merchant = merchants.withKey(credentials.require('apiKey'));
  if (!merchant) throw refused(401, 'Invalid API key');
  const { merchantId } = merchant;
  if (!credentials.has('wallet')) return { customerId: credentials.require('userId'), merchantId };
  const wallet = credentials.require('wallet');
  const blockchain = credentials.require('blockchain');
  chainOf(blockchain);
  return { wallet, blockchain, merchantId };
}

/**
 * Whom the key is for when the wallet's signature vouches for it.
 * @throws {Refusal}
 */
export function vouchedBySignature(
  credentials: Credentials,
  merchants: Merchants,
  messages: Messages,
): SessionKeyClaims {
  const signature = credentials.require('signedMessage');
  const wallet = walletOf(credentials.require('wallet'), credentials.require('blockchain'));
  const merchant = merchants.withId(credentials.require('merchantId'));
  // Before the message is used up: who has mistyped the merchant can try again.
  if (!merchant) throw refused(401, 'Unknown merchant');
  switch (messages.use(wallet, signature)) {
    case 'none':
      throw refused(401, 'There is no message for this wallet and blockchain, or it has expired or been used');
    case 'unsigned':
      throw refused(401, 'The signature is not this wallet’s over its message');
    case 'used':
      return { wallet: wallet.address, blockchain: wallet.blockchain, merchantId: merchant.merchantId };
  }
}
