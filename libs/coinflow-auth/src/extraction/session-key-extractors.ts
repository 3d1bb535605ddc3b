import { assertSameSite, type CsrfOptions } from './cross-site.js';
import {
  SESSION_KEY_HEADER,
  everyValue,
  findKeys,
  trimWhitespace,
  twoKeys,
  type RequestWithHeaders,
  type SessionKeyExtractor,
} from './session-key-extractor.js';

/** The header as Coinflow names it. */
function fromHeader(name: string = SESSION_KEY_HEADER): SessionKeyExtractor {
  const headerName = name.toLowerCase();
  // Node joins headers of one name with a comma, which no session key contains.
  const read = (value: string): string[] => value.split(',').map(trimWhitespace);
  return {
    schemes: ['CoinflowSession'],
    headers: [name],
    find(request) {
      const keys = everyValue(request, headerName, read);
      return keys.length === 1 && keys[0] === '' ? [] : keys.map((key) => ({ key }));
    },
  };
}

/** `Authorization: Bearer <session key>`, for clients that know only that. */
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
      // Whoever reads the other header sees no session key.
      if (keys.length > 0 && keys.length < values.length) {
        throw twoKeys('The request carries a session key in one Authorization header, and another such header');
      }
      return keys;
    },
  };
}

/**
 * A cookie. Browsers send it with requests of other sites, too: those that change something are refused.
 * @param csrf which sites may make the browser send it
 */
function fromCookie(name: string, { csrf = 'same-origin' }: CsrfOptions = {}): SessionKeyExtractor {
  return {
    schemes: ['CoinflowSession'],
    headers: ['Cookie'],
    find: (request) =>
      cookies(request, name).map((key) => ({ key, assertAllowed: () => assertSameSite(request, csrf) })),
  };
}

/** The first of several places that has one; two places may not differ. */
function firstOf(...extractors: SessionKeyExtractor[]): SessionKeyExtractor {
  return {
    schemes: [...new Set(extractors.flatMap(({ schemes }) => schemes))],
    headers: [...new Set(extractors.flatMap(({ headers = ['*'] }) => headers))],
    find: (request) => extractors.flatMap((extractor) => findKeys(extractor, request)),
  };
}

/**
 * Where a request may carry its session key, for the option `extractor`.
 * @example
 * extractor: SessionKeyExtractors.firstOf(SessionKeyExtractors.fromHeader(), SessionKeyExtractors.fromCookie('session'))
 */
export const SessionKeyExtractors = { fromHeader, fromBearer, fromCookie, firstOf };

/** All cookies of the name: a browser can be made to send two, and parsers differ in which they take. */
function cookies(request: RequestWithHeaders, name: string): readonly string[] {
  // Compared by cookie, not by header: over HTTP/2 a browser sends each cookie in a header of its own.
  return everyValue(request, 'cookie', (value) =>
    value
      .split(';')
      .map(trimWhitespace)
      .filter((pair) => pair.startsWith(`${name}=`))
      .map((pair) => pair.slice(name.length + 1).replace(/^"(.*)"$/, '$1'))
      .filter((key) => key !== ''),
  );
}
