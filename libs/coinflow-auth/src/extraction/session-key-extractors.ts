import { assertSameSite, type CsrfOptions } from './cross-site.js';
import {
  SESSION_KEY_HEADER,
  everyValue,
  findKeys,
  type RequestWithHeaders,
  type SessionKeyExtractor,
} from './session-key-extractor.js';

/** The header as Coinflow names it. On the path of every request, so it looks at `headers` alone. */
function fromHeader(name: string = SESSION_KEY_HEADER): SessionKeyExtractor {
  const headerName = name.toLowerCase();
  return {
    schemes: ['CoinflowSession'],
    find({ headers }) {
      const value = headers[headerName];
      if (value === undefined || value === '') return [];
      // Node joins headers of one name with a comma, which no session key contains.
      if (typeof value === 'string' && !value.includes(',')) return [{ key: value }];
      return String(value)
        .split(',')
        .map((key) => ({ key: key.trim() }));
    },
  };
}

/** `Authorization: Bearer <session key>`, for clients that know only that. */
function fromBearer(): SessionKeyExtractor {
  return {
    schemes: ['Bearer'],
    find: (request) =>
      everyValue(request, 'authorization').flatMap((value) => {
        const [, key] = /^Bearer +(\S.*)$/i.exec(value) ?? [];
        return key === undefined ? [] : [{ key: key.trimEnd() }];
      }),
  };
}

/**
 * A cookie. Browsers send it with requests of other sites, too: those that change something are refused.
 * @param csrf which sites may make the browser send it
 */
function fromCookie(name: string, { csrf = 'same-origin' }: CsrfOptions = {}): SessionKeyExtractor {
  return {
    schemes: ['CoinflowSession'],
    find: (request) =>
      cookies(request, name).map((key) => ({ key, assertAllowed: () => assertSameSite(request, csrf) })),
  };
}

/** The first of several places that has one; two places may not differ. */
function firstOf(...extractors: SessionKeyExtractor[]): SessionKeyExtractor {
  return {
    schemes: [...new Set(extractors.flatMap(({ schemes }) => schemes))],
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
function cookies(request: RequestWithHeaders, name: string): string[] {
  return everyValue(request, 'cookie')
    .flatMap((value) => value.split(';'))
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1).replace(/^"(.*)"$/, '$1'))
    .filter((key) => key !== '');
}
