import { chainOf, walletOf } from '../chains/blockchains.js';
import { type Credentials } from '../credentials.js';
import type { EmulatorParts } from '../emulator-parts.js';
import { HttpError, httpError } from '../http-error.js';
import type { SessionKeyClaims } from '../session-keys.js';
import type { OperationCredential } from './operations.js';

/** Who calls an operation, according to its credentials. */
export interface OperationCaller {
  readonly merchantId?: string;
  /** The id of the user at the merchant, or the address of the wallet. */
  readonly customerId?: string;
  /** The blockchain of the wallet; `user` for a user without a wallet. */
  readonly blockchain?: string;
}

type Check = (credentials: Credentials, parts: EmulatorParts) => OperationCaller;

const CHECKS: Readonly<Record<OperationCredential, Check>> = {
  session: bySession,
  user: byUser,
  wallet: byWallet,
  merchant: byApiKey,
  'session+merchant': bySessionAndApiKey,
  none: () => ({}),
};

/**
 * Checks the credentials that an operation requires. Other credentials are ignored.
 * @throws `HttpError` 401 naming what is missing or invalid
 */
export function checkCredentials(
  credential: OperationCredential,
  credentials: Credentials,
  parts: EmulatorParts,
): OperationCaller {
  return CHECKS[credential](credentials, parts);
}

function bySession(credentials: Credentials, { keys }: EmulatorParts): OperationCaller {
  const claims = keys.claimsOf(credentials.require('sessionKey'));
  if (!claims) throw httpError(401, 'Invalid or expired session key');
  return callerOf(claims);
}

/** The user of a session. The claims can be of any type. */
export function callerOf(claims: SessionKeyClaims): OperationCaller {
  return {
    merchantId: text(claims.merchantId),
    customerId: text(claims.customerId) ?? text(claims.wallet),
    blockchain: text(claims.blockchain) ?? 'user',
  };
}

function byApiKey(credentials: Credentials, { merchants }: EmulatorParts): OperationCaller {
  const apiKey = credentials.get('apiKey');
  if (apiKey === undefined) throw authorizationMissing();
  const merchant = merchants.withKey(apiKey);
  if (!merchant) throw httpError(401, 'Invalid API key');
  return { merchantId: merchant.merchantId };
}

function byUser(credentials: Credentials, parts: EmulatorParts): OperationCaller {
  // The response of the API to a session key, as it was seen for card-on-file.
  if (credentials.has('sessionKey') && !credentials.has('apiKey')) throw httpError(401, 'Authentication Failed');
  const merchant = byApiKey(credentials, parts);
  return { ...merchant, customerId: credentials.require('userId'), blockchain: 'user' };
}

/** A signed message stays valid for further operations: only Get Session Key uses it up. */
function byWallet(credentials: Credentials, parts: EmulatorParts): OperationCaller {
  const customerId = credentials.require('wallet');
  const blockchain = credentials.require('blockchain');
  chainOf(blockchain);
  if (credentials.has('apiKey')) return { ...byApiKey(credentials, parts), customerId, blockchain };

  const signature = credentials.get('signedMessage');
  if (signature === undefined) throw authorizationMissing();
  const result = parts.messages.check(walletOf(customerId, blockchain), signature);
  if (result === 'none') {
    throw httpError(401, 'There is no message for this wallet and blockchain, or it has expired or been used');
  }
  if (result === 'unsigned') throw httpError(401, 'The signature is not by this wallet or not over its message');
  const merchantId = credentials.get('merchantId');
  if (merchantId !== undefined && !parts.merchants.withId(merchantId)) throw httpError(401, 'Unknown merchant');
  return { merchantId, customerId, blockchain };
}

function bySessionAndApiKey(credentials: Credentials, parts: EmulatorParts): OperationCaller {
  const session = bySession(credentials, parts);
  const { merchantId } = byApiKey(credentials, parts);
  if (session.merchantId !== undefined && session.merchantId !== merchantId) {
    throw httpError(401, 'The session key belongs to another merchant');
  }
  return { ...session, merchantId };
}

/** The words of the API, as they were seen for `GET /merchant/v2`. */
function authorizationMissing(): HttpError {
  return new HttpError(401, { message: 'Error Processing your request', details: 'Authorization header not set' });
}

function text(claim: unknown): string | undefined {
  return typeof claim === 'string' ? claim : undefined;
}
