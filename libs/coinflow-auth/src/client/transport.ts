import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { HttpService } from '@nestjs/axios';
import axios, { type AxiosResponse } from 'axios';
import { CoinflowUnavailableError } from '../errors/coinflow-auth.errors.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { CoinflowAnswer } from './answer.js';

/** An answer of Coinflow is a few hundred bytes; what is longer is not one. */
const MAX_ANSWER_BYTES = 64 * 1_024;
/** When nothing says when to try again. */
const RETRY_AFTER_MS = 5_000;

/** Axios has two sets of types, for ESM and for CommonJS; this is the one that `@nestjs/axios` means. */
type AxiosOfHttpService = ConstructorParameters<typeof HttpService>[0];

/** What a call sends beside its path. */
export interface CallOptions {
  headers: Record<string, string>;
  /** Values among the headers that must not come back in a text. */
  secrets: readonly string[];
}

/** Makes one call and reads the whole answer, or says that there is none. Lets no `AxiosError` out: it carries the headers. */
export class Transport {
  readonly #http: HttpService;
  readonly #options: ResolvedCoinflowAuthOptions;
  readonly #ownAgent: HttpAgent | undefined;

  constructor(options: ResolvedCoinflowAuthOptions) {
    this.#options = options;
    this.#ownAgent = options.http.agent ? undefined : keepAliveAgent(options.baseUrl);
    const agent = options.http.agent ?? this.#ownAgent;
    // An instance of our own: interceptors on the application's Axios (loggers, say) must not see the headers.
    const instance: unknown = axios.create({
      baseURL: options.baseUrl,
      httpAgent: agent,
      httpsAgent: agent,
      proxy: false,
      maxRedirects: 0,
      maxContentLength: MAX_ANSWER_BYTES,
      responseType: 'text',
      transformResponse: (body: unknown) => body,
      validateStatus: () => true,
      headers: { Accept: 'application/json', 'User-Agent': 'nestjs-coinflow-auth' },
    });
    this.#http = new HttpService(instance as AxiosOfHttpService);
  }

  /** @throws {CoinflowUnavailableError} when no whole answer came in time */
  async get(path: string, { headers, secrets }: CallOptions): Promise<CoinflowAnswer> {
    const signal = AbortSignal.timeout(this.#options.http.timeoutMs);
    try {
      const response: AxiosResponse<string> = await this.#http.axiosRef.get(path, { headers, signal });
      return new CoinflowAnswer(path, response, secrets);
    } catch (error) {
      throw this.#noAnswer(path, error, signal.aborted);
    }
  }

  close(): void {
    this.#ownAgent?.destroy();
  }

  #noAnswer(path: string, error: unknown, timedOut: boolean): CoinflowUnavailableError {
    if (timedOut) {
      const message = `Coinflow did not answer GET ${path} within ${this.#options.http.timeoutMs} ms`;
      return new CoinflowUnavailableError(message, { reason: 'timeout', retryAfterMs: RETRY_AFTER_MS });
    }
    const { code = 'no code' } = error as { code?: string };
    return new CoinflowUnavailableError(`GET ${path} got no answer from Coinflow: ${code}`, {
      reason: 'connection',
      retryAfterMs: RETRY_AFTER_MS,
    });
  }
}

function keepAliveAgent(baseUrl: string): HttpAgent {
  return baseUrl.startsWith('https:') ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
}
