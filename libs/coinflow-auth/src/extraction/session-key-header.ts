import { CoinflowSessionKeyMalformedError } from '../errors/coinflow-auth.errors.js';

/** Where a payer's call carries its session key; Coinflow's own name for it. */
export const SESSION_KEY_HEADER = 'x-coinflow-auth-session-key';

/** As much of a request as is read: what Node, Express and Fastify agree on. */
export interface RequestWithHeaders {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * The one session key that the request carries, not yet looked at; `undefined` when it carries none.
 * @throws {CoinflowSessionKeyMalformedError} for two different ones: who reads the first and who reads the last would disagree
 */
export function sessionKeyFromHeader(request: RequestWithHeaders): string | undefined {
  const value = request.headers[SESSION_KEY_HEADER];
  if (value === undefined || value === '') return undefined;
  // Node joins headers of one name with a comma, which no session key contains.
  if (typeof value === 'string' && !value.includes(',')) return value;
  const keys = new Set(
    String(value)
      .split(',')
      .map((key) => key.trim()),
  );
  const [key] = keys;
  if (keys.size !== 1 || !key) {
    throw new CoinflowSessionKeyMalformedError('The request carries two different session keys', {
      reason: 'two-keys',
    });
  }
  return key;
}
