import {
  CoinflowMintRefusedError,
  CoinflowMisconfiguredError,
  CoinflowRateLimitedError,
  CoinflowSessionRejectedError,
  CoinflowUnavailableError,
  type CoinflowAuthError,
} from '../errors/coinflow-auth.errors.js';
import { SESSION_KEY_HEADER } from '../extraction/session-key-header.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import type { CoinflowAnswer } from './answer.js';
import { Transport } from './transport.js';

const SESSION_KEY_PATH = '/api/auth/session-key';
const VERIFY_PATH = '/api/auth/verify';

/** Coinflow's refusals of a session key. Anything else is no answer to the question. */
const KEY_REFUSED = new Set([400, 401, 403, 422]);
/** Coinflow's refusals of a user. 401 is not among them: it is about the API key. */
const USER_REFUSED = new Set([400, 403, 422, 423, 451]);

/** Coinflow's endpoints: what goes out, and what each answer means. */
export class CoinflowClient {
  readonly #transport: Transport;
  readonly #options: ResolvedCoinflowAuthOptions;
  /** Until Coinflow has once done what was asked, a 404 or a redirect means a wrong URL; after that, a disturbance. */
  #hasSucceeded = false;

  constructor(options: ResolvedCoinflowAuthOptions) {
    this.#options = options;
    this.#transport = new Transport(options);
  }

  /**
   * Get Session Key, the user way.
   * @returns the new session key
   */
  async getSessionKey(userId: string, clientIp?: string): Promise<string> {
    const apiKey = this.#options.apiKey();
    const answer = await this.#transport.get(SESSION_KEY_PATH, {
      headers: {
        // Coinflow wants the API key as it is, without `Bearer `.
        Authorization: apiKey,
        'x-coinflow-auth-user-id': userId,
        ...(clientIp && { 'x-coinflow-client-ip': clientIp }),
      },
      secrets: [apiKey],
    });
    if (answer.status === 200 && answer.isCoinflows) {
      const key = answer.field('key');
      if (!key) throw unavailable(answer, 'no-key-in-answer');
      this.#hasSucceeded = true;
      return key;
    }
    if (answer.isCoinflows && answer.status === 401) {
      throw new CoinflowMisconfiguredError(`Coinflow does not accept the API key: ${answer.describe()}`, {
        reason: 'api-key-refused',
        action: `Check the option apiKey (COINFLOW_API_KEY), and that it belongs to the env “${this.#options.env}”.`,
      });
    }
    if (answer.isCoinflows && USER_REFUSED.has(answer.status)) {
      throw new CoinflowMintRefusedError(`Coinflow gives this user no session key: ${answer.describe()}`, {
        reason: 'user-refused',
      });
    }
    throw this.#noAnswerToTheQuestion(answer);
  }

  /**
   * Verify Token: returns when Coinflow calls the key valid and not expired. It does not say for which merchant or user.
   * @throws {CoinflowSessionRejectedError} when Coinflow says no
   */
  async verifyToken(key: string): Promise<void> {
    // Without the API key: this call does not need it.
    const answer = await this.#transport.get(VERIFY_PATH, { headers: { [SESSION_KEY_HEADER]: key }, secrets: [key] });
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

  close(): void {
    this.#transport.close();
  }

  #noAnswerToTheQuestion(answer: CoinflowAnswer): CoinflowAuthError {
    if (answer.status === 429) {
      return new CoinflowRateLimitedError(`Coinflow’s rate limit is reached: ${answer.describe()}`, {
        reason: 'rate-limited-by-coinflow',
        retryAfterMs: answer.retryAfterMs,
      });
    }
    const looksLikeAWrongUrl = answer.status === 404 || (answer.status >= 300 && answer.status < 400);
    if (looksLikeAWrongUrl && !this.#hasSucceeded) {
      return new CoinflowMisconfiguredError(`There is no Coinflow at ${this.#options.baseUrl}: ${answer.describe()}`, {
        reason: 'wrong-url',
        action: 'Check the options env and baseUrl (COINFLOW_ENV, COINFLOW_BASE_URL).',
      });
    }
    return unavailable(answer, answer.isCoinflows ? `status-${answer.status}` : 'not-coinflow');
  }
}

function unavailable(answer: CoinflowAnswer, reason: string): CoinflowUnavailableError {
  return new CoinflowUnavailableError(`Coinflow cannot answer now: ${answer.describe()}`, {
    reason,
    retryAfterMs: answer.retryAfterMs,
  });
}
