import { CoinflowCrossSiteError } from '../errors/coinflow-auth.errors.js';
import { currentValues, sentValues, trimWhitespace, type RequestWithHeaders } from './session-key-extractor.js';

/** Which pages may make a browser send a session key in a cookie with a request that changes something. */
export interface CsrfOptions {
  /**
   * `same-origin`: only pages of this very origin. `same-site`: also those of sibling domains, for an application at
   * `app.example.com` with its API at `api.example.com`; all of your domain must then be trustworthy. `off`: any page,
   * if something else protects against cross-site request forgery.
   * @default 'same-origin'
   */
  csrf?: 'same-origin' | 'same-site' | 'off';
}

/** Methods that change nothing; what a page of another site makes a browser read, that page cannot see. */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

const HOST_HEADERS = ['host', ':authority'];

/**
 * @throws {CoinflowCrossSiteError} for a request that changes something and that another site made the browser send
 * @see https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 */
export function assertSameSite(request: RequestWithHeaders, csrf: NonNullable<CsrfOptions['csrf']>): void {
  if (csrf === 'off' || isSafe(request)) return;
  const sites = sentOrSet(request, 'sec-fetch-site');
  // `none`: the user, by the address bar for example. Any unknown value is another site.
  const other = sites.find(
    (site) => site !== 'same-origin' && site !== 'none' && !(site === csrf && site === 'same-site'),
  );
  if (other !== undefined) throw crossSite(`Sec-Fetch-Site: ${other === 'same-site' ? other : 'cross-site'}`);
  if (sites.length > 0) return;
  // Browsers without it send at least Origin with what changes something; what sends neither is no browser, and has no
  // cookies but those it was given.
  if (!sentOrSet(request, 'origin').every((origin) => isOwnOrigin(request, origin))) {
    throw crossSite('Origin differs from Host');
  }
}

/** A WebSocket begins with a GET, but a page of another site can read and send on it. */
function isSafe(request: RequestWithHeaders): boolean {
  const isUpgrade = sentOrSet(request, 'upgrade').some((value) => value.toLowerCase().startsWith('websocket'));
  return SAFE_METHODS.has(request.method ?? '') && !isUpgrade;
}

/** A browser's words count also where a middleware has deleted or changed them. Node joins several with a comma. */
function sentOrSet(request: RequestWithHeaders, name: string): string[] {
  return [...sentValues(request, name), ...currentValues(request, name)].flatMap((value) =>
    value.split(',').map(trimWhitespace),
  );
}

/** Whether the origin is the one that the request was sent to. An origin without a host, such as `null`, never is. */
function isOwnOrigin(request: RequestWithHeaders, origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { host, protocol } = new URL(origin);
  if (host === '' || (protocol === 'http:' && isHttps(request))) return false;
  const hosts = hostsOf(request);
  return hosts.length > 0 && hosts.every((own) => own.toLowerCase() === host);
}

/** As the client sent them, if raw headers are kept. HTTP/2 has `:authority`, and usually no Host. */
function hostsOf(request: RequestWithHeaders): readonly string[] {
  const sent = HOST_HEADERS.flatMap((name) => sentValues(request, name));
  return sent.length > 0 ? sent : HOST_HEADERS.flatMap((name) => currentValues(request, name));
}

/** `false` if it is not known: TLS often ends at a proxy that the application does not trust. */
function isHttps(request: RequestWithHeaders): boolean {
  const { protocol, socket } = request;
  return protocol === 'https' || socket?.encrypted === true || sentOrSet(request, ':scheme').includes('https');
}

function crossSite(message: string): CoinflowCrossSiteError {
  return new CoinflowCrossSiteError(`The session key came in a cookie, with a request of another site (${message})`, {
    reason: 'cross-site',
  });
}
