import { Logger } from '@nestjs/common';
import { isBehindUnknownProxy, networkOf } from '../../extraction/request-source.js';
import type { RequestWithHeaders } from '../../extraction/session-key-extractor.js';
import { isUnexpectedPromise } from '../../extraction/unexpected-promise.js';
import type { ResolvedBudgetOptions } from '../../options/budget-options.js';

const UNKNOWN_PROXY =
  'Requests come with forwarding headers (X-Forwarded-For, say), but the adapter trusts no proxy: clients cannot be told ' +
  'apart, and budget.refusalsPerSource is off for such requests. Set “trust proxy” (Express) or trustProxy (Fastify) to ' +
  'the proxies before this application; if there are none, let budget.source return request.socket.remoteAddress. ' +
  '[unknown-proxy]';
const SOURCE_FAILED =
  'The function of the option budget.source throws: budget.refusalsPerSource is off for such requests. [source-failed]';
const SOURCE_ASYNC =
  'The function of the option budget.source returns a promise: budget.refusalsPerSource is off for such requests. It must be ' +
  'synchronous: return the client itself, or undefined. [source-async]';

/** Who asks: a request, or the source that the application itself names. */
export type Caller = RequestWithHeaders | string | undefined;

/** Says where requests come from, as far as that can be told. */
export class RequestSources {
  readonly #logger = new Logger('CoinflowAuth');
  readonly #options: Pick<ResolvedBudgetOptions, 'source'>;
  readonly #logged = new Set<string>();

  constructor(options: Pick<ResolvedBudgetOptions, 'source'>) {
    this.#options = options;
  }

  /** @returns `undefined` when it cannot be told: better no limit than one that others share */
  of(caller: Caller): string | undefined {
    const text = typeof caller === 'object' ? this.#read(caller) : caller;
    // From JavaScript it may be anything.
    if (typeof text !== 'string' || text === '') return undefined;
    return networkOf(text) ?? text;
  }

  #read(request: RequestWithHeaders): string | undefined {
    if (this.#options.source) return this.#ask(request);
    if (!isBehindUnknownProxy(request)) return networkOf(request.ip ?? '');
    this.#warnOnce(UNKNOWN_PROXY);
    return undefined;
  }

  #ask(request: RequestWithHeaders): string | undefined {
    try {
      const source = this.#options.source?.(request);
      if (!isUnexpectedPromise(source)) return source;
      this.#warnOnce(SOURCE_ASYNC);
    } catch {
      // Not with its words: they are the application's, and may hold anything.
      this.#warnOnce(SOURCE_FAILED);
    }
    return undefined;
  }

  #warnOnce(line: string): void {
    if (!this.#logged.has(line)) this.#logger.warn(line);
    this.#logged.add(line);
  }
}
