import type { Asking } from '../api/answer.js';

/** A route of the merchant's, as it can be tried. */
export interface Route {
  readonly id: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly about: string;
  readonly body?: object;
}

export const ME: Route = { id: 'me', method: 'GET', path: '/me', about: 'Needs a session.' };

export const PAYOUTS: Route = {
  id: 'payouts',
  method: 'POST',
  path: '/payouts',
  about: 'Money moves: Coinflow is asked every time, 10 times a minute for one key.',
  body: { cents: 1_500, currency: 'USD' },
};

export const ROUTES: readonly Route[] = [
  ME,
  { id: 'catalog', method: 'GET', path: '/catalog', about: 'For everybody, cheaper with a session.' },
  PAYOUTS,
];

export function askingOf({ method, body }: Route, sessionKey: string | undefined): Asking {
  return { method, sessionKey, ...(body && { body }) };
}
