import { CoinflowMisconfiguredError, CoinflowSessionKeyMalformedError } from '../errors/coinflow-auth.errors.js';
import { isUnexpectedPromise } from '../util/promises.js';

/** Where a payer's call carries its session key; Coinflow's own name for it. */
export const SESSION_KEY_HEADER = 'x-coinflow-auth-session-key';

/** As much of a request as is read: what Node, Express and Fastify agree on. */
export interface RequestWithHeaders {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly method?: string;
  /** The client's address, as Express and Fastify tell it behind their `trust proxy`. */
  readonly ip?: string | undefined;
  /** The connection: its address is the client's, or that of the last proxy. */
  readonly socket?: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean } | undefined;
  /** `http` or `https`, as Express and Fastify determine it behind their `trust proxy`. */
  readonly protocol?: string;
  /** Node's own request, where the framework wraps it. */
  readonly raw?: RequestWithRawHeaders;
}

/** Node's request, of HTTP/1.1 and HTTP/2: the headers as they were sent, name and value in turn. */
interface RequestWithRawHeaders {
  readonly rawHeaders?: readonly string[];
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
  /**
   * The request headers that `find()` reads. The guard adds them to `Vary`, so that no shared cache gives one user's answer
   * to another.
   * @default `['*']`, which keeps shared caches from using an answer again
   */
  readonly headers?: readonly string[];
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
  if (found.some(({ key }) => key !== first.key)) throw twoKeys('The request carries two different session keys');
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

export function twoKeys(message: string): CoinflowSessionKeyMalformedError {
  return new CoinflowSessionKeyMalformedError(message, { reason: 'two-keys' });
}

/**
 * The values of a header that `headers` still has: a middleware may have set or deleted it since the request came. Node
 * drops or joins headers of one name; if the client sent different values, each of them counts as well.
 * @param read what of a value is compared and returned; by default all of it
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

/** The values of a header as `headers` has them now. */
export function currentValues({ headers }: RequestWithHeaders, name: string): readonly string[] {
  const value = headers[name];
  return typeof value === 'string' ? [value] : (value ?? []);
}

/** The values of a header as the client sent them. None where raw headers are not kept, as on AWS Lambda. */
export function sentValues(request: RequestWithHeaders, name: string): readonly string[] {
  const { rawHeaders = [] } = request.raw ?? (request as RequestWithRawHeaders);
  return rawHeaders.filter((_, index) => index % 2 === 1 && isNamed(rawHeaders[index - 1], name));
}

function isNamed(rawName: string | undefined, name: string): boolean {
  return rawName?.length === name.length && rawName.toLowerCase() === name;
}

/** HTTP's whitespace is space and tab: 0xA0, which `trim()` removes as well, is a part of what it stands in. */
export function trimWhitespace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhitespace(text[start])) start += 1;
  while (end > start && isWhitespace(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isWhitespace(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
