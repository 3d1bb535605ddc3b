import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { HttpService } from '@nestjs/axios';
import axios, { type AxiosResponse } from 'axios';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { CoinflowResponse, NoResponse, type Outcome } from './response.js';

/** Coinflow's responses have a few hundred bytes; a longer one is not Coinflow's. */
const MAX_RESPONSE_BYTES = 64 * 1_024;

/** Axios has types for ESM and types for CommonJS; these are the ones that `@nestjs/axios` uses. */
type AxiosOfHttpService = ConstructorParameters<typeof HttpService>[0];

/** The content of a call. */
export interface CallContent {
  headers: Record<string, string>;
  /** Values among the headers that must not appear in a message. */
  secrets: readonly string[];
}

/** Makes one attempt and reads the complete response. It never throws an `AxiosError`, which contains the headers. */
export class Transport {
  readonly #http: HttpService;
  readonly #ownAgent: HttpAgent | undefined;

  constructor({ baseUrl, http }: Pick<ResolvedCoinflowAuthOptions, 'baseUrl' | 'http'>) {
    this.#ownAgent = http.agent ? undefined : keepAliveAgent(baseUrl);
    const agent = http.agent ?? this.#ownAgent;
    // An own instance: interceptors of the application's Axios (a logger, for example) must not see the headers.
    const instance: unknown = axios.create({
      baseURL: baseUrl,
      httpAgent: agent,
      httpsAgent: agent,
      proxy: false,
      maxRedirects: 0,
      maxContentLength: MAX_RESPONSE_BYTES,
      responseType: 'text',
      transformResponse: (body: unknown) => body,
      validateStatus: () => true,
      headers: { Accept: 'application/json', 'User-Agent': 'nestjs-coinflow-auth' },
    });
    this.#http = new HttpService(instance as AxiosOfHttpService);
  }

  /** @param signal ends the attempt while it connects, waits or reads */
  async get(path: string, { headers, secrets }: CallContent, signal: AbortSignal): Promise<Outcome> {
    try {
      const response: AxiosResponse<string> = await this.#http.axiosRef.get(path, { headers, signal });
      return new CoinflowResponse(path, response, secrets);
    } catch (error) {
      const { code = 'no code' } = error as { code?: string };
      return new NoResponse(signal.aborted ? 'timeout' : 'connection', code);
    }
  }

  /** Closes idle connections. An agent of the application is not closed. */
  close(): void {
    this.#ownAgent?.destroy();
  }
}

function keepAliveAgent(baseUrl: string): HttpAgent {
  return baseUrl.startsWith('https:') ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
}
