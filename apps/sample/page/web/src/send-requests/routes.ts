import type { ApiRequest } from '../api/call-api.js';

/** A route of the merchant that the page can call. */
export interface Route {
  readonly id: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly about: string;
  readonly body?: object;
}

export const ME: Route = { id: 'me', method: 'GET', path: '/me', about: 'Requires a session key.' };

export const PAYOUTS: Route = {
  id: 'payouts',
  method: 'POST',
  path: '/payouts',
  about: 'Verified with Coinflow on every request (maxAgeMs: 0), at most 10 times a minute for one key.',
  body: { cents: 1_500, currency: 'USD' },
};

export const ROUTES: readonly Route[] = [
  ME,
  { id: 'catalog', method: 'GET', path: '/catalog', about: 'Public. With a session key the prices are lower.' },
  PAYOUTS,
];

export function requestFor({ method, body }: Route, sessionKey: string | undefined): ApiRequest {
  return { method, sessionKey, ...(body && { body }) };
}
