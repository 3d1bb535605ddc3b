import {
  CoinflowInvalidArgumentError,
  CoinflowMisconfiguredError,
  CoinflowBudgetExhaustedError,
  CoinflowSessionRejectedError,
  type CoinflowAuthError,
} from '../errors/coinflow-auth.errors.js';
import { SESSION_KEY_HEADER } from '../extraction/session-key-extractor.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import type { IssuanceRequest } from '../session/session-key-subject.js';
import type { CoinflowSubject } from '../session/subject.js';
import type { CoinflowResponse } from './coinflow-response.js';
import { currentApiKey } from './api-key.js';
import type { EndpointName, UpstreamMetrics } from './call-statistics.js';
import { isRedirect } from './outcome.js';
import { apiKeyRefusal, subjectDenial, signatureRefusal, unavailable } from './refusals.js';
import { Transport } from './transport.js';
import { UpstreamClock, type UpstreamTime } from './upstream-clock.js';
import { UpstreamEndpoint } from './upstream-endpoint.js';

/** Coinflow's refusals of a session key. Anything else is no answer to the question. */
const KEY_REFUSED = new Set([400, 401, 403, 422]);
const WALLET_REFUSED = new Set([400, 422]);

/** What a wallet signs, and on some chains a transaction that says the same. */
export interface MessageToSign {
  message: string;
  transaction?: string;
}

/** What is known of a session key before Coinflow is asked about it. */
export interface VerifyTokenOptions {
  /**
   * Whether the key was verified before, or is this application's own. Failures of calls for all other keys never stop
   * the calls for these.
   * @default false
   */
  isKnown?: boolean;
}

/** Who can say whether a session key is valid, and what time it is there. */
export interface TokenVerifier extends Pick<CoinflowClient, 'verifyToken'> {
  readonly clock: UpstreamTime;
}

/** Who makes session keys, and what time it is there. */
export interface SessionKeySource extends Pick<CoinflowClient, 'getSessionKey'> {
  readonly clock: UpstreamTime;
}

/** Coinflow's endpoints: what goes out, and what each answer means. */
export class CoinflowClient {
  /** How far this machine's clock is from Coinflow's. */
  readonly clock = new UpstreamClock();
  readonly #transport: Transport;
  readonly #endpoints: Readonly<Record<EndpointName, UpstreamEndpoint>>;
  readonly #options: ResolvedCoinflowAuthOptions;
  /** Until Coinflow has once done what was asked, a 404 or a redirect means a wrong URL; after that, a disturbance. */
  #hasSucceeded = false;

  constructor(options: ResolvedCoinflowAuthOptions) {
    this.#options = options;
    this.#transport = new Transport(options);
    const parts = { transport: this.#transport, clock: this.clock, options };
    this.#endpoints = {
      verify: new UpstreamEndpoint('verify', '/api/auth/verify', parts),
      sessionKey: new UpstreamEndpoint('sessionKey', '/api/auth/session-key', parts),
      message: new UpstreamEndpoint('message', '/api/auth', parts),
    };
  }

  /**
   * Get Message: what a wallet signs to prove that it is the payer's.
   * @throws {CoinflowInvalidArgumentError} when Coinflow does not know such a wallet
   */
  async getMessage(wallet: string, blockchain: string): Promise<MessageToSign> {
    const headers = { 'x-coinflow-auth-wallet': wallet, 'x-coinflow-auth-blockchain': blockchain };
    const answer = await this.#endpoints.message.get({ headers, secrets: [] });
    if (answer.status === 200 && answer.isCoinflows) {
      const message = answer.field('message');
      if (!message) throw unavailable(answer, 'no-message-in-answer');
      this.#hasSucceeded = true;
      const transaction = answer.field('transaction');
      return { message, ...(transaction && { transaction }) };
    }
    if (answer.isCoinflows && WALLET_REFUSED.has(answer.status)) {
      // The message of this error reaches the client. Coinflow's own words are for the log.
      throw new CoinflowInvalidArgumentError('wallet', 'is rejected by Coinflow', new Error(answer.describe()));
    }
    throw subjectDenial(answer) ?? this.#noAnswerToTheQuestion(answer);
  }

  /**
   * Get Session Key, in whichever way the request is made.
   * @returns the new session key
   */
  async getSessionKey({ subject, signedMessage }: IssuanceRequest, clientIp?: string): Promise<string> {
    const answer = await this.#endpoints.sessionKey.get({
      headers: {
        ...subjectHeaders(subject),
        ...(signedMessage && {
          'x-coinflow-auth-signed-message': signedMessage,
          'x-coinflow-auth-merchant-id': this.#options.merchantId,
        }),
        ...(clientIp && { 'x-coinflow-client-ip': clientIp }),
      },
      secrets: signedMessage === undefined ? [] : [signedMessage],
      // Coinflow wants the API key as it is, without `Bearer `; with a signed message it wants none.
      authorization: signedMessage === undefined ? (limit) => currentApiKey(this.#options, limit) : undefined,
      isGoodOnce: signedMessage !== undefined,
    });
    if (answer.status === 200 && answer.isCoinflows) {
      const key = answer.field('key');
      if (!key) throw unavailable(answer, 'no-key-in-answer');
      this.#hasSucceeded = true;
      return key;
    }
    throw (
      (signedMessage === undefined ? apiKeyRefusal(answer, this.#options.env) : signatureRefusal(answer)) ??
      this.#noAnswerToTheQuestion(answer)
    );
  }

  /**
   * Verify Token: returns when Coinflow calls the key valid and not expired. It does not say for which merchant or user.
   * @throws {CoinflowSessionRejectedError} when Coinflow says no
   */
  async verifyToken(key: string, { isKnown = false }: VerifyTokenOptions = {}): Promise<void> {
    // Without the API key: this call does not need it.
    const headers = { [SESSION_KEY_HEADER]: key };
    const answer = await this.#endpoints.verify.get({ headers, secrets: [key], isNewKey: !isKnown });
    if (answer.isCoinflows && (answer.status === 200 || answer.status === 204)) {
      this.#hasSucceeded = true;
      return;
    }
    if (answer.isCoinflows && KEY_REFUSED.has(answer.status)) {
      throw new CoinflowSessionRejectedError(`Coinflow refuses the session key: ${answer.describe()}`, {
        reason: 'refused-by-coinflow',
      });
    }
    throw this.#noAnswerToTheQuestion(answer);
  }

  /** What the calls came to so far, by endpoint. */
  statistics(): UpstreamMetrics {
    const { verify, sessionKey, message } = this.#endpoints;
    return Object.freeze({ verify: verify.metrics, sessionKey: sessionKey.metrics, message: message.metrics });
  }

  /** Ends the connections that are kept for a next call. */
  close(): void {
    this.#transport.close();
  }

  #noAnswerToTheQuestion(answer: CoinflowResponse): CoinflowAuthError {
    if (answer.status === 429) {
      return new CoinflowBudgetExhaustedError(`Coinflow’s rate limit is reached: ${answer.describe()}`, {
        reason: 'rate-limited-by-coinflow',
        retryAfterMs: answer.retryAfterMs,
      });
    }
    const looksLikeAWrongUrl = answer.status === 404 || isRedirect(answer.status);
    if (looksLikeAWrongUrl && !this.#hasSucceeded) {
      return new CoinflowMisconfiguredError(`There is no Coinflow at ${this.#options.baseUrl}: ${answer.describe()}`, {
        reason: 'wrong-url',
        action: 'Check the options env and baseUrl (COINFLOW_ENV, COINFLOW_BASE_URL).',
      });
    }
    return unavailable(answer, answer.isCoinflows ? `status-${answer.status}` : 'not-coinflow');
  }
}

function subjectHeaders(subject: CoinflowSubject): Record<string, string> {
  if (subject.kind === 'user') return { 'x-coinflow-auth-user-id': subject.userId };
  return { 'x-coinflow-auth-wallet': subject.wallet, 'x-coinflow-auth-blockchain': subject.blockchain };
}
