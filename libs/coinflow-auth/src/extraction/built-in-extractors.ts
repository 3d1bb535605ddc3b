import { assertSameSite, type CsrfOptions } from './cross-site.js';
import {
  SESSION_KEY_HEADER,
  everyValue,
  hasOuterWhitespace,
  singleValue,
  toKeys,
  trimWhitespace,
  twoKeys,
  type RequestWithHeaders,
  type SessionKeyExtractor,
} from './session-key-extractor.js';

/** A header; by default the one that Coinflow names. */
function fromHeader(name: string = SESSION_KEY_HEADER): SessionKeyExtractor {
  const headerName = name.toLowerCase();
  // Node joins headers of one name with a comma, which no session key contains.
  const read = (value: string): string[] => value.split(',').map(trimWhitespace);
  return {
    schemes: ['CoinflowSession'],
    headers: [name],
    find(request) {
      const value = singleValue(request, headerName);
      if (value !== undefined && !value.includes(',') && !hasOuterWhitespace(value)) return value;
      const keys = everyValue(request, headerName, read);
      return keys.length === 1 && keys[0] === '' ? [] : keys.map((key) => ({ key }));
    },
  };
}

/** `Authorization: Bearer <session key>`, for clients that support only this header. */
function fromBearer(): SessionKeyExtractor {
  return {
    schemes: ['Bearer'],
    headers: ['Authorization'],
    find(request) {
      const values = everyValue(request, 'authorization');
      const keys = values.flatMap((value) => {
        const [, key] = /^Bearer +([^ ].*)$/i.exec(value) ?? [];
        return key === undefined ? [] : [{ key: trimWhitespace(key) }];
      });
      // A reader of the other header would see no session key.
      if (keys.length > 0 && keys.length < values.length) {
        throw twoKeys('The request carries a session key in one Authorization header, and another such header');
      }
      return keys;
    },
  };
}

/** A cookie. Browsers also send it with requests of other sites: such requests are rejected if they change something. */
function fromCookie(name: string, { csrf = 'same-origin' }: CsrfOptions = {}): SessionKeyExtractor {
  return {
    schemes: ['CoinflowSession'],
    headers: ['Cookie'],
    find: (request) =>
      cookies(request, name).map((key) => ({ key, assertAllowed: () => assertSameSite(request, csrf) })),
  };
}

/** Several places. The request is rejected if two of them have different keys. */
function firstOf(...extractors: SessionKeyExtractor[]): SessionKeyExtractor {
  return {
    schemes: [...new Set(extractors.flatMap(({ schemes }) => schemes))],
    headers: [...new Set(extractors.flatMap(({ headers = ['*'] }) => headers))],
    find: (request) => extractors.flatMap((extractor) => toKeys(extractor.find(request))),
  };
}

/**
 * The places where a request can carry its session key, for the option `extractor`.
 * @example
 * extractor: SessionKeyExtractors.firstOf(SessionKeyExtractors.fromHeader(), SessionKeyExtractors.fromCookie('session'))
 */
export const SessionKeyExtractors = { fromHeader, fromBearer, fromCookie, firstOf };

/** All cookies of the name. An attacker can make a browser send two, and parsers differ in which one they read. */
function cookies(request: RequestWithHeaders, name: string): readonly string[] {
  // Cookies are compared, not headers: over HTTP/2 a browser can send each cookie in a header of its own.
  return everyValue(request, 'cookie', (value) =>
    value
      .split(';')
      .map(trimWhitespace)
      .filter((pair) => pair.startsWith(`${name}=`))
      .map((pair) => pair.slice(name.length + 1).replace(/^"(.*)"$/, '$1'))
      .filter((key) => key !== ''),
  );
}
