import type { FastifyRequest } from 'fastify';
import { missingHeader, refused } from './refusal.js';

/** The headers of Coinflow's authentication. */
export const HEADERS = {
  apiKey: 'authorization',
  userId: 'x-coinflow-auth-user-id',
  wallet: 'x-coinflow-auth-wallet',
  blockchain: 'x-coinflow-auth-blockchain',
  signedMessage: 'x-coinflow-auth-signed-message',
  merchantId: 'x-coinflow-auth-merchant-id',
  sessionKey: 'x-coinflow-auth-session-key',
} as const;

export type Credential = keyof typeof HEADERS;

/** What a request says of who it is; an empty header says nothing. */
export class Credentials {
  constructor(private readonly headers: FastifyRequest['headers']) {}

  get(credential: Credential): string | undefined {
    const value = this.headers[HEADERS[credential]];
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  has(...credentials: Credential[]): boolean {
    return credentials.some((credential) => this.get(credential) !== undefined);
  }

  /** @throws {Refusal} when it is not there */
  require(credential: Credential): string {
    const value = this.get(credential);
    if (value === undefined) throw missingHeader(HEADERS[credential]);
    return value;
  }
}

/**
 * Who vouches for the user. Exactly one: with two it would be open for whom the key is.
 * @throws {Refusal} when it is a mixture
 */
export function whoVouches(credentials: Credentials): 'api-key' | 'signature' {
  const bySignature = credentials.has('signedMessage', 'merchantId');
  if (bySignature && credentials.has('apiKey', 'userId')) {
    throw refused(
      400,
      `Send either ${HEADERS.apiKey}, or ${HEADERS.signedMessage} with ${HEADERS.merchantId}, not both`,
    );
  }
  if (credentials.has('userId') && (credentials.has('wallet') || namesChain(credentials))) {
    throw refused(400, `Send either ${HEADERS.userId} or ${HEADERS.wallet} with ${HEADERS.blockchain}, not both`);
  }
  return bySignature ? 'signature' : 'api-key';
}

/** `user` is no wallet's chain: it says that there is no wallet. */
function namesChain(credentials: Credentials): boolean {
  return credentials.has('blockchain') && credentials.get('blockchain') !== 'user';
}
