import { CoinflowMisconfiguredError, CoinflowSessionKeyMalformedError } from '../errors/coinflow-auth.errors.js';
import { isUnexpectedPromise } from '../util/promises.js';

/** The request header of a session key, as Coinflow names it. */
export const SESSION_KEY_HEADER = 'x-coinflow-auth-session-key';

/** The parts of a request that the module reads. Node, Express and Fastify all have them. */
export interface RequestWithHeaders {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly method?: string;
  /** The client's address, as Express and Fastify determine it with their `trust proxy`. */
  readonly ip?: string | undefined;
  /** The connection. Its address is that of the client, or of the last proxy. */
  readonly socket?: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean } | undefined;
  /** `http` or `https`, as Express and Fastify determine it with their `trust proxy`. */
  readonly protocol?: string;
  /** The request of Node, if the framework wraps it. */
  readonly raw?: RequestWithRawHeaders;
}

/** The request of Node, for HTTP/1.1 and HTTP/2. The raw headers alternate between names and values. */
interface RequestWithRawHeaders {
  readonly rawHeaders?: readonly string[];
}

/**
 * A scheme that the guard names in `WWW-Authenticate` of a 401.
 *
 * @inline
 */
export type AuthenticationScheme = 'CoinflowSession' | 'Bearer';

/** A session key that an extractor has found. It is not validated yet. */
export interface FoundSessionKey {
  readonly key: string;
  /**
   * Throws if this request must not use a key from here. It must be synchronous. It is not called if the request also carries the
   * same key in a place without this check.
   */
  readonly assertAllowed?: () => void;
}

/** Finds the session keys of a request. Use one of {@link SessionKeyExtractors}, or write your own. */
export interface SessionKeyExtractor {
  readonly schemes: readonly AuthenticationScheme[];
  /**
   * The request headers that `find()` reads. The guard adds them to `Vary`, so that a shared cache does not send one user's answer to
   * another user.
   * @default `['*']`, with which shared caches do not reuse an answer
   */
  readonly headers?: readonly string[];
  /**
   * It must be synchronous.
   * @returns every session key that the request carries here. A string is one key without a check; an empty one is no key.
   */
  find(request: RequestWithHeaders): string | readonly FoundSessionKey[];
}

/**
 * @returns the session key of the request; `undefined` when it carries none
 * @throws {@link CoinflowSessionKeyMalformedError} for two different keys: a reader of the first and a reader of the last would see two
 * different users
 * @throws {@link CoinflowCrossSiteError} for a key in a cookie that a page of another site made the browser send
 * @throws {@link CoinflowMisconfiguredError} when the extractor returns a promise, or a value that is not an array
 */
export function extractSessionKey(extractor: SessionKeyExtractor, request: RequestWithHeaders): string | undefined {
  const found = extractor.find(request);
  return typeof found === 'string' ? found || undefined : onlyKey(toKeys(found));
}

function onlyKey(found: readonly FoundSessionKey[]): string | undefined {
  const [first] = found;
  if (!first) return undefined;
  if (found.some(({ key }) => key !== first.key)) throw twoKeys('The request carries two different session keys');
  if (found.every(({ assertAllowed }) => assertAllowed)) {
    const result: unknown = first.assertAllowed?.();
    if (isUnexpectedPromise(result)) throw invalidExtractor('assertAllowed() returns a promise');
  }
  return first.key;
}

/**
 * The result of `find()` as a list.
 * @throws {@link CoinflowMisconfiguredError} when it is something else, which must not pass as a request without a key
 */
export function toKeys(found: unknown): readonly FoundSessionKey[] {
  if (typeof found === 'string') return found === '' ? [] : [{ key: found }];
  if (Array.isArray(found)) return found as FoundSessionKey[];
  throw invalidExtractor(
    isUnexpectedPromise(found) ? 'find() returns a promise' : 'find() returns neither a string nor an array',
  );
}

function invalidExtractor(problem: string): CoinflowMisconfiguredError {
  return new CoinflowMisconfiguredError(`The option extractor is invalid: ${problem}`, {
    reason: 'extractor-invalid',
    action: 'Let find() of the extractor return a string or an array, and make find() and assertAllowed() synchronous.',
  });
}

export function twoKeys(message: string): CoinflowSessionKeyMalformedError {
  return new CoinflowSessionKeyMalformedError(message, { reason: 'two-keys' });
}

/**
 * The values of a header, as `headers` has them now: a middleware may have set or deleted it since the request arrived. Node
 * drops or joins headers of one name. If the client sent different values, they are returned as well.
 * @param read extracts the parts of a value that are compared and returned; by default the whole value
 */
export function everyValue(
  request: RequestWithHeaders,
  name: string,
  read: (value: string) => readonly string[] = (value) => [value],
): readonly string[] {
  const values = currentValues(request, name).flatMap(read);
  if (values.length === 0) return values;
  const sent = sentValues(request, name).flatMap(read);
  return sent.some((value) => value !== sent[0]) ? [...values, ...sent] : values;
}

/** The value of a header that the client sent once at most, as `headers` has it now; `undefined` if there may be several. */
export function singleValue(request: RequestWithHeaders, name: string): string | undefined {
  const value = request.headers[name];
  if (typeof value !== 'string') return undefined;
  const rawHeaders = rawHeadersOf(request);
  let sent = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (isNamed(rawHeaders[i], name)) sent += 1;
  return sent <= 1 ? value : undefined;
}

/** The values of a header as `headers` has them now. */
export function currentValues({ headers }: RequestWithHeaders, name: string): readonly string[] {
  const value = headers[name];
  return typeof value === 'string' ? [value] : (value ?? []);
}

/** The values of a header as the client sent them. None where there are no raw headers, as on AWS Lambda. */
export function sentValues(request: RequestWithHeaders, name: string): readonly string[] {
  const rawHeaders = rawHeadersOf(request);
  return rawHeaders.filter((_, index) => index % 2 === 1 && isNamed(rawHeaders[index - 1], name));
}

const NO_HEADERS: readonly string[] = [];

function rawHeadersOf(request: RequestWithHeaders): readonly string[] {
  return (request.raw ?? (request as RequestWithRawHeaders)).rawHeaders ?? NO_HEADERS;
}

function isNamed(rawName: string | undefined, name: string): boolean {
  return rawName === name || (rawName?.length === name.length && rawName.toLowerCase() === name);
}

/** Removes the whitespace of HTTP, which is space and tab. `trim()` would also remove 0xA0, which is part of a value. */
export function trimWhitespace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhitespace(text[start])) start += 1;
  while (end > start && isWhitespace(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

/** Whether {@link trimWhitespace} would change the text. */
export function hasOuterWhitespace(text: string): boolean {
  return isWhitespace(text[0]) || isWhitespace(text.at(-1));
}

function isWhitespace(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
