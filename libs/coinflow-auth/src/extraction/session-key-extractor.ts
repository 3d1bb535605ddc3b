import { CoinflowMisconfiguredError, CoinflowSessionKeyMalformedError } from '../errors/coinflow-auth.errors.js';
import { isUnexpectedPromise } from './unexpected-promise.js';

/** Where a payer's call carries its session key; Coinflow's own name for it. */
export const SESSION_KEY_HEADER = 'x-coinflow-auth-session-key';

/** As much of a request as is read: what Node, Express and Fastify agree on. */
export interface RequestWithHeaders {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly method?: string;
  /** The client's address, as Express and Fastify tell it behind their `trust proxy`. */
  readonly ip?: string | undefined;
  /** The connection: its address is the client's, or that of the last proxy. */
  readonly socket?: { readonly remoteAddress?: string | undefined } | undefined;
  /** Node's own request, where the framework wraps it. */
  readonly raw?: RequestWithEveryHeader;
}

/** Node's request: beside `headers`, which joins or drops headers of one name, it keeps each. */
interface RequestWithEveryHeader {
  readonly headersDistinct?: Readonly<Record<string, string[] | undefined>>;
}

/** What a refusal asks for in `WWW-Authenticate`. */
export type AuthenticationScheme = 'CoinflowSession' | 'Bearer';

/** A session key as found, not yet looked at. */
export interface FoundSessionKey {
  readonly key: string;
  /**
   * Throws if this request must not use a key found here; must be synchronous. Not asked where the same key stands in a
   * safer place.
   */
  readonly assertAllowed?: () => void;
}

/** Where to look for a session key. Write your own, or take one of {@link SessionKeyExtractors}. */
export interface SessionKeyExtractor {
  readonly schemes: readonly AuthenticationScheme[];
  /** Every session key that the request carries here. Must be synchronous. */
  find(request: RequestWithHeaders): readonly FoundSessionKey[];
}

/**
 * The one session key that the request carries; `undefined` when it carries none.
 * @throws {CoinflowSessionKeyMalformedError} for two different ones, wherever they stand: who reads the first and who
 * reads the last would disagree about the payer
 * @throws {CoinflowCrossSiteError} for a key in a cookie that another site made the browser send
 * @throws {CoinflowMisconfiguredError} when the extractor answers with a promise, or with what is no list
 */
export function extractSessionKey(extractor: SessionKeyExtractor, request: RequestWithHeaders): string | undefined {
  const found = findKeys(extractor, request);
  const [first] = found;
  if (!first) return undefined;
  if (found.some(({ key }) => key !== first.key)) {
    throw new CoinflowSessionKeyMalformedError('The request carries two different session keys', {
      reason: 'two-keys',
    });
  }
  if (found.every(({ assertAllowed }) => assertAllowed)) {
    const answer: unknown = first.assertAllowed?.();
    if (isUnexpectedPromise(answer)) throw wrongExtractor('assertAllowed() returns a promise');
  }
  return first.key;
}

/** @throws {CoinflowMisconfiguredError} when the extractor returns no list: that must not look like a request without a key */
export function findKeys(extractor: SessionKeyExtractor, request: RequestWithHeaders): readonly FoundSessionKey[] {
  const found: unknown = extractor.find(request);
  if (Array.isArray(found)) return found as FoundSessionKey[];
  throw wrongExtractor(isUnexpectedPromise(found) ? 'find() returns a promise' : 'find() returns no list');
}

function wrongExtractor(problem: string): CoinflowMisconfiguredError {
  return new CoinflowMisconfiguredError(`The option extractor is wrong: ${problem}`, {
    reason: 'extractor-wrong',
    action: 'Let find() of the extractor return an array, and make find() and assertAllowed() synchronous.',
  });
}

/** Each value of a header that the request carries, also those that `headers` joins or drops. */
export function everyValue(request: RequestWithHeaders, name: string): readonly string[] {
  const { headersDistinct } = request.raw ?? (request as RequestWithEveryHeader);
  const value = headersDistinct ? headersDistinct[name] : request.headers[name];
  return typeof value === 'string' ? [value] : (value ?? []);
}
