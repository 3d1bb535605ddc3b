import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { HttpService } from '@nestjs/axios';
import axios, { type AxiosResponse } from 'axios';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { CoinflowResponse } from './coinflow-response.js';
import { NoResponse, type Outcome } from './outcome.js';

/** An answer of Coinflow is a few hundred bytes; what is longer is not one. */
const MAX_ANSWER_BYTES = 64 * 1_024;

/** Axios has two sets of types, for ESM and for CommonJS; this is the one that `@nestjs/axios` means. */
type AxiosOfHttpService = ConstructorParameters<typeof HttpService>[0];

/** What a call sends beside its path. */
export interface CallContent {
  headers: Record<string, string>;
  /** Values among the headers that must not come back in a text. */
  secrets: readonly string[];
}

/** Makes one attempt and reads the whole answer, or says that there is none. Lets no `AxiosError` out: it carries the headers. */
export class Transport {
  readonly #http: HttpService;
  readonly #ownAgent: HttpAgent | undefined;

  constructor({ baseUrl, http }: Pick<ResolvedCoinflowAuthOptions, 'baseUrl' | 'http'>) {
    this.#ownAgent = http.agent ? undefined : keepAliveAgent(baseUrl);
    const agent = http.agent ?? this.#ownAgent;
    // An instance of our own: interceptors on the application's Axios (loggers, say) must not see the headers.
    const instance: unknown = axios.create({
      baseURL: baseUrl,
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

  /** @param signal ends the attempt, wherever it is: connecting, waiting, or reading */
  async get(path: string, { headers, secrets }: CallContent, signal: AbortSignal): Promise<Outcome> {
    try {
      const response: AxiosResponse<string> = await this.#http.axiosRef.get(path, { headers, signal });
      return new CoinflowResponse(path, response, secrets);
    } catch (error) {
      const { code = 'no code' } = error as { code?: string };
      return new NoResponse(signal.aborted ? 'timeout' : 'connection', code);
    }
  }

  /** Ends the connections that wait for a next call; an agent of the user stays the user's to close. */
  close(): void {
    this.#ownAgent?.destroy();
  }
}

function keepAliveAgent(baseUrl: string): HttpAgent {
  return baseUrl.startsWith('https:') ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
}
