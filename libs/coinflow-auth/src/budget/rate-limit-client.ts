import { isBehindUntrustedProxy, networkOf } from '../extraction/client-address.js';
import type { RequestWithHeaders } from '../extraction/session-key-extractor.js';
import type { CoinflowBudgetOptions } from '../options/coinflow-auth-options.js';
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

type GetClient = CoinflowBudgetOptions['getClient'];

/** Returns the client; `undefined` when it is unknown: no limit applies, instead of one that several clients would share. */
export type ClientOf = (source: RequestOrClient) => string | undefined;

/** Determines the client that the limits per client count. */
export function clientResolver({ getClient }: Pick<CoinflowBudgetOptions, 'getClient'>): ClientOf {
  const log = new OnceLogger();
  return (source) => {
    const client = typeof source === 'object' ? clientOfRequest(source, getClient, log) : source;
    // An application in JavaScript may return or pass any value.
    if (typeof client !== 'string' || client === '') return undefined;
    return networkOf(client) ?? client;
  };
}

function clientOfRequest(request: RequestWithHeaders, getClient: GetClient, log: OnceLogger): string | undefined {
  if (getClient) return callGetClient(request, getClient, log);
  if (!isBehindUntrustedProxy(request)) return networkOf(request.ip ?? '');
  log.warn(UNKNOWN_PROXY);
  return undefined;
}

function callGetClient(
  request: RequestWithHeaders,
  getClient: NonNullable<GetClient>,
  log: OnceLogger,
): string | undefined {
  try {
    const client = getClient(request);
    if (!isUnexpectedPromise(client)) return client;
    log.warn(CLIENT_ASYNC);
  } catch {
    // The error is the application's and may contain anything, so it is not logged.
    log.warn(CLIENT_FAILED);
  }
  return undefined;
}
