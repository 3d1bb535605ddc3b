import { CoinflowCrossSiteError } from '../errors/coinflow-auth.errors.js';
import { everyValue, type RequestWithHeaders } from './session-key-extractor.js';

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

/**
 * @throws {CoinflowCrossSiteError} for a request that changes something and that another site made the browser send
 * @see https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 */
export function assertSameSite(request: RequestWithHeaders, csrf: NonNullable<CsrfOptions['csrf']>): void {
  if (csrf === 'off' || SAFE_METHODS.has(request.method ?? '')) return;
  const [site] = everyValue(request, 'sec-fetch-site');
  // `none`: the person themselves, by the address bar say. Anything unknown is another site.
  if (site !== undefined) {
    if (site === 'same-origin' || site === 'none' || (site === csrf && site === 'same-site')) return;
    throw crossSite(`Sec-Fetch-Site: ${site === 'same-site' ? site : 'cross-site'}`);
  }
  // Browsers without it send at least Origin with what changes something; what sends neither is no browser, and has no
  // cookies but those it was given.
  const [origin] = everyValue(request, 'origin');
  const [host] = everyValue(request, 'host');
  if (origin !== undefined && hostOf(origin) !== host?.toLowerCase()) throw crossSite('Origin differs from Host');
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function crossSite(message: string): CoinflowCrossSiteError {
  return new CoinflowCrossSiteError(`The session key came in a cookie, with a request of another site (${message})`, {
    reason: 'cross-site',
  });
}
