import http, { Agent as HttpAgent, type ClientRequest, type IncomingMessage } from 'node:http';
import https, { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { HttpService } from '@nestjs/axios';
import axios, { type AxiosResponse } from 'axios';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { CoinflowResponse, NoResponse, type Outcome } from './response.js';
import type { TimeLimit } from './time-limit.js';

/** The responses of Coinflow's authentication have a few hundred bytes; a longer one is not Coinflow's. */
const MAX_RESPONSE_BYTES = 64 * 1_024;

/** Axios has types for ESM and types for CommonJS; these are the ones that `@nestjs/axios` uses. */
type AxiosOfHttpService = ConstructorParameters<typeof HttpService>[0];

/** The content of a call. */
export interface CallContent {
  headers: Record<string, string>;
  /** Values of the call that must not appear in a message. */
  secrets: () => readonly string[];
  /** JSON. */
  body?: string | undefined;
}

/** One request. */
export interface CoinflowRequest extends CallContent {
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  /** The method and the path for messages, without values that identify a user. */
  readonly name: string;
}

/** The connections of a {@link Transport}. */
export interface TransportLimits {
  /** @default 65,536 */
  readonly maxResponseBytes?: number;
  /**
   * After how many milliseconds an idle connection is closed. If the server closes it first, the next request can fail.
   * @default the server's own limit, if it names one
   */
  readonly idleTimeoutMs?: number;
}

/** Makes one attempt and reads the complete response. It never throws an `AxiosError`, which contains the headers. */
export class Transport {
  readonly #http: HttpService;
  readonly #ownAgent: HttpAgent | undefined;
  readonly #isHttps: boolean;

  constructor(
    { baseUrl, http: { agent: given } }: Pick<ResolvedCoinflowAuthOptions, 'baseUrl' | 'http'>,
    { maxResponseBytes = MAX_RESPONSE_BYTES, idleTimeoutMs }: TransportLimits = {},
  ) {
    this.#isHttps = baseUrl.startsWith('https:');
    const keepAlive = { keepAlive: true, ...(idleTimeoutMs && { timeout: idleTimeoutMs }) };
    if (!given) this.#ownAgent = this.#isHttps ? new HttpsAgent(keepAlive) : new HttpAgent(keepAlive);
    const agent = given ?? this.#ownAgent;
    const unchanged = (body: unknown): unknown => body;
    // An own instance: interceptors of the application's Axios (a logger, for example) must not see the headers.
    const instance: unknown = axios.create({
      baseURL: baseUrl,
      httpAgent: agent,
      httpsAgent: agent,
      proxy: false,
      maxRedirects: 0,
      maxContentLength: maxResponseBytes,
      responseType: 'text',
      transformRequest: unchanged,
      transformResponse: unchanged,
      validateStatus: () => true,
      headers: { Accept: 'application/json', 'User-Agent': 'nestjs-coinflow-auth' },
    });
    this.#http = new HttpService(instance as AxiosOfHttpService);
  }

  /** @param limit ends the attempt while it connects, waits or reads */
  async send({ method, path, name, headers, secrets, body }: CoinflowRequest, limit: TimeLimit): Promise<Outcome> {
    const watched = new WatchedRequest(this.#isHttps);
    try {
      const response: AxiosResponse<string> = await this.#http.axiosRef.request({
        method,
        url: path,
        // Without it, Axios sends the content type of a form.
        headers: { ...headers, 'Content-Type': body === undefined ? false : 'application/json' },
        data: body,
        signal: limit.signal,
        transport: watched,
      });
      return new CoinflowResponse(name, response, secrets);
    } catch (error) {
      const { code = 'no code' } = error as { code?: string };
      return new NoResponse(limit.endedBy ?? 'connection', code, watched.isSent);
    }
  }

  /** Closes idle connections. An agent of the application is not closed. */
  close(): void {
    this.#ownAgent?.destroy();
  }
}

/** Sends a request of Axios, and knows whether a byte of it can have reached the server. */
class WatchedRequest {
  /** Node writes the request as soon as the connection is established. */
  isSent = false;
  readonly #isHttps: boolean;

  constructor(isHttps: boolean) {
    this.#isHttps = isHttps;
  }

  request(options: https.RequestOptions, callback: (response: IncomingMessage) => void): ClientRequest {
    const request = (this.#isHttps ? https : http).request(options, callback);
    return request.once('socket', (socket: Socket & { secureConnecting?: boolean }) => {
      const sent = (): void => {
        this.isSent = true;
      };
      if (socket.secureConnecting) socket.once('secureConnect', sent);
      else if (socket.connecting) socket.once('connect', sent);
      else sent();
    });
  }
}
