import { CoinflowInvalidArgumentError, type CoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import { SESSION_KEY_HEADER } from '../extraction/session-key-extractor.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import type { CoinflowSubject } from '../session/subject.js';
import { CoinflowClock, type CoinflowTime } from './clock-skew.js';
import { currentApiKey } from './api-key.js';
import { CoinflowEndpoint } from './endpoint.js';
import {
  apiKeyRejection,
  keyRejection,
  signatureRejection,
  subjectDenial,
  unavailable,
  unexpectedResponse,
} from './response-errors.js';
import type { CoinflowResponse } from './response.js';
import { authTelemetry, type CoinflowCallMetrics, type EndpointName } from './telemetry.js';
import { Transport } from './transport.js';

const WALLET_REJECTED = new Set([400, 422]);

/** The message that a wallet signs, and on some chains a transaction with the same content. */
export interface MessageToSign {
  message: string;
  transaction?: string;
}

/** A request for a session key. */
export interface SessionKeyRequest {
  readonly subject: CoinflowSubject;
  /** The signature of a wallet, which is sent instead of the API key. */
  readonly signedMessage?: string;
}

/** Options of one verification. */
export interface VerifyTokenOptions {
  /**
   * Whether the key was verified before, or this application created it. Failures of calls for all other keys never stop
   * the calls for these.
   * @default false
   */
  isKnown?: boolean;
}

/** Verifies session keys, and knows Coinflow's time. */
export interface TokenVerifier extends Pick<CoinflowClient, 'verifyToken'> {
  readonly clock: CoinflowTime;
}

/** Creates session keys, and knows Coinflow's time. */
export interface SessionKeySource extends Pick<CoinflowClient, 'getSessionKey'> {
  readonly clock: CoinflowTime;
}

/** Calls Coinflow's endpoints and turns their responses into results or errors. */
export class CoinflowClient {
  /** The difference between this machine's clock and Coinflow's. */
  readonly clock = new CoinflowClock();
  readonly #transport: Transport;
  readonly #endpoints: Readonly<Record<EndpointName, CoinflowEndpoint>>;
  readonly #options: ResolvedCoinflowAuthOptions;
  /** Before the first expected response, a 404 or a redirect means a wrong URL; after it, an outage. */
  #hasSucceeded = false;

  constructor(options: ResolvedCoinflowAuthOptions) {
    this.#options = options;
    this.#transport = new Transport(options);
    const parts = { transport: this.#transport, clock: this.clock, options };
    const endpoint = (name: EndpointName, path: string): CoinflowEndpoint =>
      new CoinflowEndpoint({ method: 'GET', path }, authTelemetry(name, path, options.baseUrl), parts);
    this.#endpoints = {
      verify: endpoint('verify', '/api/auth/verify'),
      sessionKey: endpoint('sessionKey', '/api/auth/session-key'),
      message: endpoint('message', '/api/auth'),
    };
  }

  /**
   * Get Message: the message that a wallet signs to log its owner in.
   * @throws {@link CoinflowInvalidArgumentError} when Coinflow rejects the wallet
   */
  async getMessage(wallet: string, blockchain: string): Promise<MessageToSign> {
    const headers = { 'x-coinflow-auth-wallet': wallet, 'x-coinflow-auth-blockchain': blockchain };
    const response = await this.#endpoints.message.get({ headers, secrets: () => [] });
    if (response.status === 200 && response.isFromCoinflow) {
      const message = response.field('message');
      if (!message) throw unavailable(response, 'no-message-in-response');
      this.#hasSucceeded = true;
      const transaction = response.field('transaction');
      return { message, ...(transaction && { transaction }) };
    }
    if (response.isFromCoinflow && WALLET_REJECTED.has(response.status)) {
      // The message of this error reaches the client, so Coinflow's message is only in its cause, which is logged.
      throw new CoinflowInvalidArgumentError('wallet', 'is rejected by Coinflow', new Error(response.describe()));
    }
    throw subjectDenial(response) ?? this.#unexpected(response);
  }

  /**
   * Get Session Key: with the API key, or with a signed message if the request has one.
   * @returns the new session key
   */
  async getSessionKey({ subject, signedMessage }: SessionKeyRequest, clientIp?: string): Promise<string> {
    const response = await this.#endpoints.sessionKey.get({
      headers: {
        ...subjectHeaders(subject),
        ...(signedMessage && {
          'x-coinflow-auth-signed-message': signedMessage,
          'x-coinflow-auth-merchant-id': this.#options.merchantId,
        }),
        ...(clientIp && { 'x-coinflow-client-ip': clientIp }),
      },
      secrets: () => (signedMessage === undefined ? [] : [signedMessage]),
      // Coinflow expects the API key without `Bearer `. With a signed message it expects none.
      authorization: signedMessage === undefined ? (limit) => currentApiKey(this.#options, limit) : undefined,
      isSingleUse: signedMessage !== undefined,
    });
    if (response.status === 200 && response.isFromCoinflow) {
      const key = response.field('key');
      if (!key) throw unavailable(response, 'no-key-in-response');
      this.#hasSucceeded = true;
      return key;
    }
    throw (
      (signedMessage === undefined ? apiKeyRejection(response, this.#options.env) : signatureRejection(response)) ??
      this.#unexpected(response)
    );
  }

  /**
   * Verify Token: resolves if Coinflow accepts the key. Coinflow does not say for which merchant or user the key is.
   * @throws {@link CoinflowSessionRejectedError} when Coinflow rejects the key
   */
  async verifyToken(key: string, { isKnown = false }: VerifyTokenOptions = {}): Promise<void> {
    // This call does not need the API key.
    const headers = { [SESSION_KEY_HEADER]: key };
    const response = await this.#endpoints.verify.get({ headers, secrets: () => [key], isNewKey: !isKnown });
    if (response.isFromCoinflow && (response.status === 200 || response.status === 204)) {
      this.#hasSucceeded = true;
      return;
    }
    throw keyRejection(response) ?? this.#unexpected(response);
  }

  /** The calls so far, by endpoint. */
  statistics(): CoinflowCallMetrics {
    const { verify, sessionKey, message } = this.#endpoints;
    return Object.freeze({ verify: verify.metrics, sessionKey: sessionKey.metrics, message: message.metrics });
  }

  /** Closes idle connections. */
  close(): void {
    this.#transport.close();
  }

  #unexpected(response: CoinflowResponse): CoinflowAuthError {
    return unexpectedResponse(response, this.#hasSucceeded ? undefined : this.#options.baseUrl);
  }
}

/** The headers that name a user or a wallet. */
export function subjectHeaders(subject: CoinflowSubject): Record<string, string> {
  if (subject.kind === 'user') return { 'x-coinflow-auth-user-id': subject.userId };
  return { 'x-coinflow-auth-wallet': subject.wallet, 'x-coinflow-auth-blockchain': subject.blockchain };
}
