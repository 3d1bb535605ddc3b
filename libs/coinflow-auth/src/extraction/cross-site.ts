import { CoinflowCrossSiteError } from '../errors/coinflow-auth.errors.js';
import { currentValues, sentValues, trimWhitespace, type RequestWithHeaders } from './session-key-extractor.js';

/**
 * Which pages can make a browser send a session key in a cookie with a request that changes something.
 *
 * @inline
 */
export interface CsrfOptions {
  /**
   * `same-origin`: only pages of the same origin. `same-site`: also pages of sibling domains, for an application at
   * `app.example.com` with its API at `api.example.com`; every subdomain must then be trustworthy. `off`: any page. Set it only if
   * the application has another protection against cross-site request forgery.
   * @default 'same-origin'
   */
  csrf?: 'same-origin' | 'same-site' | 'off';
}

/** Methods that change nothing. A page of another site cannot read the answer. */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

const HOST_HEADERS = ['host', ':authority'];

/**
 * @throws {@link CoinflowCrossSiteError} for a request that changes something and that a page of another site made the browser send
 * @see https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 */
export function assertSameSite(request: RequestWithHeaders, csrf: NonNullable<CsrfOptions['csrf']>): void {
  if (csrf === 'off' || isSafe(request)) return;
  const sites = sentOrSet(request, 'sec-fetch-site');
  // `none` is a request of the user, for example from the address bar. Every unknown value counts as another site.
  const other = sites.find(
    (site) => site !== 'same-origin' && site !== 'none' && !(site === csrf && site === 'same-site'),
  );
  if (other !== undefined) throw crossSite(`Sec-Fetch-Site: ${other === 'same-site' ? other : 'cross-site'}`);
  if (sites.length > 0) return;
  // Browsers without Sec-Fetch-Site send Origin with such a request. A client that sends neither is not a browser, so no other
  // site can make it send a cookie.
  if (!sentOrSet(request, 'origin').every((origin) => isOwnOrigin(request, origin))) {
    throw crossSite('Origin differs from Host');
  }
}

/** The GET that opens a WebSocket is not safe: a page of another site can read from the socket and write to it. */
function isSafe(request: RequestWithHeaders): boolean {
  const isUpgrade = sentOrSet(request, 'upgrade').some((value) => value.toLowerCase().startsWith('websocket'));
  return SAFE_METHODS.has(request.method ?? '') && !isUpgrade;
}

/** Also the values that a middleware has deleted or changed since the browser sent them. Node joins several values with a comma. */
function sentOrSet(request: RequestWithHeaders, name: string): string[] {
  return [...sentValues(request, name), ...currentValues(request, name)].flatMap((value) =>
    value.split(',').map(trimWhitespace),
  );
}

/** Whether the origin is that of the request's URL. An origin without a host, such as `null`, never is. */
function isOwnOrigin(request: RequestWithHeaders, origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { host, protocol } = new URL(origin);
  if (host === '' || (protocol === 'http:' && isHttps(request))) return false;
  const hosts = hostsOf(request);
  return hosts.length > 0 && hosts.every((own) => own.toLowerCase() === host);
}

/** The hosts as the client sent them, if there are raw headers. HTTP/2 has `:authority`, and usually no Host. */
function hostsOf(request: RequestWithHeaders): readonly string[] {
  const sent = HOST_HEADERS.flatMap((name) => sentValues(request, name));
  return sent.length > 0 ? sent : HOST_HEADERS.flatMap((name) => currentValues(request, name));
}

/** `false` if it is unknown: TLS often ends at a proxy that the application does not trust. */
function isHttps(request: RequestWithHeaders): boolean {
  const { protocol, socket } = request;
  return protocol === 'https' || socket?.encrypted === true || sentOrSet(request, ':scheme').includes('https');
}

function crossSite(message: string): CoinflowCrossSiteError {
  return new CoinflowCrossSiteError(`The session key came in a cookie, with a request of another site (${message})`, {
    reason: 'cross-site',
  });
}
