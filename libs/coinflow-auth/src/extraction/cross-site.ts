import { CoinflowCrossSiteError } from '../errors/coinflow-auth.errors.js';
import { currentValues, sentValues, type RequestWithHeaders } from './session-key-extractor.js';

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
  const sites = sentOrSet(request, 'sec-fetch-site');
  // `none`: the user, by the address bar for example. Any unknown value is another site.
  const other = sites.find(
    (site) => site !== 'same-origin' && site !== 'none' && !(site === csrf && site === 'same-site'),
  );
  if (other !== undefined) throw crossSite(`Sec-Fetch-Site: ${other === 'same-site' ? other : 'cross-site'}`);
  if (sites.length > 0) return;
  // Browsers without it send at least Origin with what changes something; what sends neither is no browser, and has no
  // cookies but those it was given.
  const [host] = [...sentValues(request, 'host'), ...currentValues(request, 'host')];
  const origins = sentOrSet(request, 'origin');
  if (origins.some((origin) => hostOf(origin) !== host?.toLowerCase())) throw crossSite('Origin differs from Host');
}

/** A browser's words count also where a middleware has deleted or changed them. Node joins several with a comma. */
function sentOrSet(request: RequestWithHeaders, name: string): string[] {
  return [...sentValues(request, name), ...currentValues(request, name)].flatMap((value) =>
    value.split(',').map((part) => part.trim()),
  );
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function crossSite(message: string): CoinflowCrossSiteError {
  return new CoinflowCrossSiteError(`The session key came in a cookie, with a request of another site (${message})`, {
    reason: 'cross-site',
  });
}
