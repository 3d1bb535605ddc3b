import type { FastifyRequest } from 'fastify';
import { missingHeader, httpError } from './http-error.js';

/** The authentication headers of Coinflow. */
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

/** The credentials in the headers of a request. An empty header counts as absent. */
export class Credentials {
  constructor(private readonly headers: FastifyRequest['headers']) {}

  get(credential: Credential): string | undefined {
    const value = this.headers[HEADERS[credential]];
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  has(...credentials: Credential[]): boolean {
    return credentials.some((credential) => this.get(credential) !== undefined);
  }

  /** @throws `HttpError` if the header is absent */
  require(credential: Credential): string {
    const value = this.get(credential);
    if (value === undefined) throw missingHeader(HEADERS[credential]);
    return value;
  }
}

/**
 * Names the credentials of a request, such as `session` or `session+merchant`: `session` (a session key), `user` (API key
 * and user id), `wallet` (API key and wallet), `merchant` (API key alone), `signed-wallet` (a signed message). `none` without a key and a signature.
 */
export function credentialsOf(headers: FastifyRequest['headers']): string {
  const credentials = new Credentials(headers);
  const names = [
    credentials.has('sessionKey') && 'session',
    credentials.has('apiKey') && apiKeyKind(credentials),
    credentials.has('signedMessage') && 'signed-wallet',
  ];
  return names.filter((name) => name !== false).join('+') || 'none';
}

function apiKeyKind(credentials: Credentials): string {
  const kinds = [credentials.has('userId') && 'user', credentials.has('wallet') && 'wallet'];
  return kinds.filter((kind) => kind !== false).join('+') || 'merchant';
}

/**
 * How the request authenticates. A request with both credentials is ambiguous, so it is rejected.
 * @throws `HttpError` if headers of both methods, or of a user and a wallet, are mixed
 */
export function authMethodOf(credentials: Credentials): 'api-key' | 'signature' {
  const bySignature = credentials.has('signedMessage', 'merchantId');
  if (bySignature && credentials.has('apiKey', 'userId')) {
    throw httpError(
      400,
      `Send either ${HEADERS.apiKey}, or ${HEADERS.signedMessage} with ${HEADERS.merchantId}, not both`,
    );
  }
  if (credentials.has('userId') && (credentials.has('wallet') || namesChain(credentials))) {
    throw httpError(400, `Send either ${HEADERS.userId} or ${HEADERS.wallet} with ${HEADERS.blockchain}, not both`);
  }
  return bySignature ? 'signature' : 'api-key';
}

/** The blockchain `user` means that there is no wallet. */
function namesChain(credentials: Credentials): boolean {
  return credentials.has('blockchain') && credentials.get('blockchain') !== 'user';
}
