import { Logger } from '@nestjs/common';
import { isBehindUnknownProxy, networkOf } from '../extraction/request-source.js';
import type { RequestWithHeaders } from '../extraction/session-key-extractor.js';
import { isUnexpectedPromise } from '../util/promises.js';
import type { ResolvedBudgetOptions } from '../options/budget-options.js';

const OFF = 'the limits per client are off for such requests';
const UNKNOWN_PROXY =
  'Requests come with forwarding headers (X-Forwarded-For, say), but the adapter trusts no proxy: clients cannot be told ' +
  `apart, and ${OFF}. Set “trust proxy” (Express) or trustProxy (Fastify) to the proxies before this application; if there ` +
  'are none, let budget.getClient return request.socket.remoteAddress. [unknown-proxy]';
const CLIENT_FAILED = `The function of the option budget.getClient throws: ${OFF}. [client-failed]`;
const CLIENT_ASYNC =
  `The function of the option budget.getClient returns a promise: ${OFF}. It must be synchronous: return the client itself, ` +
  'or undefined. [client-async]';

/** Who sent a session key: a request, or the client that the application itself names. */
export type Caller = RequestWithHeaders | string | undefined;

/** Tells clients apart, for the limits of each. */
export class Clients {
  readonly #logger = new Logger('CoinflowAuth');
  readonly #options: Pick<ResolvedBudgetOptions, 'getClient'>;
  readonly #logged = new Set<string>();

  constructor(options: Pick<ResolvedBudgetOptions, 'getClient'>) {
    this.#options = options;
  }

  /** @returns `undefined` when it cannot be told: better no limit than one that other clients share */
  of(caller: Caller): string | undefined {
    const text = typeof caller === 'object' ? this.#read(caller) : caller;
    // From JavaScript it may be anything.
    if (typeof text !== 'string' || text === '') return undefined;
    return networkOf(text) ?? text;
  }

  #read(request: RequestWithHeaders): string | undefined {
    if (this.#options.getClient) return this.#ask(request);
    if (!isBehindUnknownProxy(request)) return networkOf(request.ip ?? '');
    this.#warnOnce(UNKNOWN_PROXY);
    return undefined;
  }

  #ask(request: RequestWithHeaders): string | undefined {
    try {
      const client = this.#options.getClient?.(request);
      if (!isUnexpectedPromise(client)) return client;
      this.#warnOnce(CLIENT_ASYNC);
    } catch {
      // Not with its words: they are the application's, and may hold anything.
      this.#warnOnce(CLIENT_FAILED);
    }
    return undefined;
  }

  #warnOnce(line: string): void {
    if (!this.#logged.has(line)) this.#logger.warn(line);
    this.#logged.add(line);
  }
}
