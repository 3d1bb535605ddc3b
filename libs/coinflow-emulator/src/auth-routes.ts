import type { FastifyInstance } from 'fastify';
import { chainOf, walletOf, walletsOf } from './chains/blockchains.js';
import { Credentials, authMethodOf } from './credentials.js';
import type { EmulatorParts } from './emulator-parts.js';
import type { EmulatorEndpoint } from './faults.js';
import { httpError } from './http-error.js';
import type { Merchants } from './merchants.js';
import type { Messages } from './messages.js';
import { processRequest } from './process-request.js';
import type { EmulatorResponse } from './responses.js';
import type { SessionKeyClaims } from './session-keys.js';

/** The authentication endpoints of Coinflow. */
export function authRoutes(server: FastifyInstance, parts: EmulatorParts): void {
  const { merchants, messages, issuance, keys } = parts;

  function get(
    path: string,
    endpoint: EmulatorEndpoint,
    process: (credentials: Credentials) => EmulatorResponse,
  ): void {
    server.get(path, { config: { endpoint } }, (request, reply) =>
      processRequest(parts, request, reply, () => process(new Credentials(request.headers))),
    );
  }

  get('/api/auth', 'message', (credentials) => {
    const wallets = walletsOf(credentials.require('wallet'), credentials.get('blockchain'));
    return { body: { message: messages.create(...wallets) } };
  });

  get('/api/auth/session-key', 'session-key', (credentials) => {
    const claims =
      authMethodOf(credentials) === 'signature'
        ? claimsForSignature(credentials, merchants, messages)
        : claimsForApiKey(credentials, merchants);
    return { body: { key: issuance.create(claims) } };
  });

  get('/api/auth/verify', 'verify', (credentials) => {
    if (!keys.isValid(credentials.require('sessionKey'))) throw httpError(401, 'Invalid or expired session key');
    return {};
  });
}

/**
 * The claims of a key that a merchant creates with its API key, for any user or wallet.
 * @throws `HttpError` if a header is missing or invalid
 */
function claimsForApiKey(credentials: Credentials, merchants: Merchants): SessionKeyClaims {
  const merchant = merchants.withKey(credentials.require('apiKey'));
  if (!merchant) throw httpError(401, 'Invalid API key');
  const { merchantId } = merchant;
  if (!credentials.has('wallet')) return { customerId: credentials.require('userId'), merchantId };
  const wallet = credentials.require('wallet');
  const blockchain = credentials.require('blockchain');
  chainOf(blockchain);
  return { wallet, blockchain, merchantId };
}

/**
 * The claims of a key that a wallet creates with the signature over its message.
 * @throws `HttpError` if a header is missing or invalid, or the signature is wrong
 */
function claimsForSignature(credentials: Credentials, merchants: Merchants, messages: Messages): SessionKeyClaims {
  const signature = credentials.require('signedMessage');
  const wallet = walletOf(credentials.require('wallet'), credentials.require('blockchain'));
  const merchant = merchants.withId(credentials.require('merchantId'));
  // Checked before the message is used up, so that the client can correct the merchant id and try again.
  if (!merchant) throw httpError(401, 'Unknown merchant');
  switch (messages.use(wallet, signature)) {
    case 'none':
      throw httpError(401, 'There is no message for this wallet and blockchain, or it has expired or been used');
    case 'unsigned':
      throw httpError(401, 'The signature is not by this wallet or not over its message');
    case 'used':
      return { wallet: wallet.address, blockchain: wallet.blockchain, merchantId: merchant.merchantId };
  }
}
