import { isBehindUntrustedProxy, networkOf } from '../extraction/client-address.js';
import type { RequestWithHeaders } from '../extraction/session-key-extractor.js';
import type { ResolvedBudgetOptions } from '../options/resolve-options.js';
import { OnceLogger } from '../util/once-logger.js';
import { isUnexpectedPromise } from '../util/promises.js';

const OFF = 'the limits per client do not apply to such requests';
const UNKNOWN_PROXY =
  'Requests have forwarding headers (such as X-Forwarded-For), but the adapter trusts no proxy: clients cannot be told ' +
  `apart, and ${OFF}. Set "trust proxy" (Express) or trustProxy (Fastify) to the proxies in front of this application. If ` +
  'there are none, let budget.getClient return request.socket.remoteAddress. [untrusted-proxy]';
const CLIENT_FAILED = `The function of the option budget.getClient throws: ${OFF}. [get-client-failed]`;
const CLIENT_ASYNC =
  `The function of the option budget.getClient returns a promise: ${OFF}. It must be synchronous: return the client, ` +
  'or undefined. [get-client-async]';

/** The request that carried a session key, or the client that the application passed as `rateLimitClient`. */
export type RequestOrClient = RequestWithHeaders | string | undefined;

/** Determines the client that the limits per client count. */
export class ClientResolver {
  readonly #log = new OnceLogger();
  readonly #options: Pick<ResolvedBudgetOptions, 'getClient'>;

  constructor(options: Pick<ResolvedBudgetOptions, 'getClient'>) {
    this.#options = options;
  }

  /** @returns `undefined` when the client is unknown: no limit applies, instead of one that several clients would share */
  clientOf(source: RequestOrClient): string | undefined {
    const client = typeof source === 'object' ? this.#ofRequest(source) : source;
    // An application in JavaScript may return or pass any value.
    if (typeof client !== 'string' || client === '') return undefined;
    return networkOf(client) ?? client;
  }

  #ofRequest(request: RequestWithHeaders): string | undefined {
    if (this.#options.getClient) return this.#callGetClient(request);
    if (!isBehindUntrustedProxy(request)) return networkOf(request.ip ?? '');
    this.#log.warn(UNKNOWN_PROXY);
    return undefined;
  }

  #callGetClient(request: RequestWithHeaders): string | undefined {
    try {
      const client = this.#options.getClient?.(request);
      if (!isUnexpectedPromise(client)) return client;
      this.#log.warn(CLIENT_ASYNC);
    } catch {
      // The error is the application's and may contain anything, so it is not logged.
      this.#log.warn(CLIENT_FAILED);
    }
    return undefined;
  }
}
