import type { EmulatorFault } from 'coinflow-emulator';
import type { CoinflowAuthErrorCode } from 'nestjs-coinflow-auth';
import { foreignKey, forge, unseenKey, type TestApp } from './create-test-app.js';

/*
 * The decision table: what the guard decides about each kind of session key and each response of Coinflow, in every context. The
 * suites of the contexts run every row.
 */

/** A decision of the guard. Over HTTP, `status` is the status of the answer. */
export interface Decision {
  readonly status: number;
  readonly code: CoinflowAuthErrorCode;
}

/** What a request carries as its session key: nothing, a key, or two. */
export type PresentedKey = string | readonly [string, string] | undefined;

export const MISSING: Decision = { status: 401, code: 'COINFLOW_SESSION_KEY_MISSING' };
export const MALFORMED: Decision = { status: 401, code: 'COINFLOW_SESSION_KEY_MALFORMED' };
export const EXPIRED: Decision = { status: 401, code: 'COINFLOW_SESSION_KEY_EXPIRED' };
export const WRONG_MERCHANT: Decision = { status: 401, code: 'COINFLOW_SESSION_WRONG_MERCHANT' };
export const REJECTED: Decision = { status: 401, code: 'COINFLOW_SESSION_REJECTED' };
export const UNAVAILABLE: Decision = { status: 503, code: 'COINFLOW_UNAVAILABLE' };
export const RATE_LIMITED: Decision = { status: 503, code: 'COINFLOW_BUDGET_EXHAUSTED' };
export const MISCONFIGURED: Decision = { status: 500, code: 'COINFLOW_MISCONFIGURED' };

export const REVOKED: Decision = { status: 401, code: 'COINFLOW_SESSION_REVOKED' };
export const NOT_ALLOWED: Decision = { status: 403, code: 'COINFLOW_SUBJECT_NOT_ALLOWED' };

/** A part of the table. Titles are unique in it, since a driver names the rows that it cannot have. */
function table<Row extends readonly [title: string, ...unknown[]]>(rows: Row[]): Row[] {
  if (new Set(rows.map(([title]) => title)).size < rows.length) throw new Error('Two rows have the same title');
  return rows;
}

/** Keys that are rejected without a call. */
export const WITHOUT_A_CALL = table<[title: string, expected: Decision, keyFor: (app: TestApp) => PresentedKey]>([
  ['no key', MISSING, () => undefined],
  ['an empty header', MISSING, () => ''],
  [
    'two different keys',
    MALFORMED,
    ({ coinflow }) => [unseenKey(coinflow), unseenKey(coinflow, { customerId: 'bob' })],
  ],
  ['6,000 characters', MALFORMED, () => 'a'.repeat(6_000)],
  ['whitespace inside', MALFORMED, () => 'not a session key'],
  ['an unsigned JWT', MALFORMED, ({ coinflow }) => unseenKey(coinflow).replace(/[^.]*$/, '')],
  [
    'alg: none without a signature',
    MALFORMED,
    ({ coinflow }) => algNone(coinflow.merchants[0]?.merchantId).replace(/[^.]*$/, ''),
  ],
  ['a JWT of no JSON', MALFORMED, () => `e30.bm8.${'A'.repeat(43)}`],
  ['a key that has expired', EXPIRED, ({ coinflow }) => unseenKey(coinflow, { exp: nowSeconds() - 6 })],
  ['a valid key of another merchant', WRONG_MERCHANT, ({ coinflow }) => foreignKey(coinflow)],
  ['an opaque key', REJECTED, () => 'a1b2c3d4e5f67890abcdef1234567890'],
  ['a key without merchantId', REJECTED, ({ coinflow }) => unseenKey(coinflow, { merchantId: undefined })],
  ['a key without exp', REJECTED, ({ coinflow }) => unseenKey(coinflow, { exp: undefined })],
  ['an exp in milliseconds', MALFORMED, ({ coinflow }) => unseenKey(coinflow, { exp: Date.now() + 86_400_000 })],
  ['a user id that is a number', MALFORMED, ({ coinflow }) => unseenKey(coinflow, { customerId: 42 })],
  ['an empty merchantId', MALFORMED, ({ coinflow }) => unseenKey(coinflow, { merchantId: '' })],
  ['a key without a user', REJECTED, ({ coinflow }) => unseenKey(coinflow, { customerId: undefined })],
  [
    'a key of a user and a wallet',
    REJECTED,
    ({ coinflow }) => unseenKey(coinflow, { wallet: '0x1', blockchain: 'eth' }),
  ],
]);

/** Responses of Coinflow, or of a gateway in its place, to a well-formed key. */
export const ANSWERS_TO_VERIFY = table<[title: string, expected: Decision, fault: EmulatorFault]>([
  ['400 in JSON', REJECTED, { kind: 'status', status: 400 }],
  ['401 in JSON', REJECTED, { kind: 'status', status: 401 }],
  ['403 in JSON', REJECTED, { kind: 'status', status: 403 }],
  ['422 in JSON', REJECTED, { kind: 'status', status: 422 }],
  ['401 without a body', REJECTED, { kind: 'raw', status: 401, body: '' }],
  ['401 in HTML', UNAVAILABLE, { kind: 'html', status: 401 }],
  ['401 in plain text', UNAVAILABLE, { kind: 'raw', status: 401, body: 'Unauthorized' }],
  ['402', UNAVAILABLE, { kind: 'status', status: 402 }],
  ['200 in HTML', UNAVAILABLE, { kind: 'html', status: 200 }],
  ['200 with broken JSON', UNAVAILABLE, { kind: 'raw', status: 200, body: '{"ok":' }],
  ['206', UNAVAILABLE, { kind: 'status', status: 206 }],
  ['500', UNAVAILABLE, { kind: 'status', status: 500 }],
  ['502 in HTML', UNAVAILABLE, { kind: 'html', status: 502 }],
  ['503', UNAVAILABLE, { kind: 'status', status: 503 }],
  ['an answer of 1 MiB', UNAVAILABLE, { kind: 'raw', status: 200, body: `"${'a'.repeat(1_048_576)}"` }],
  ['a reset', UNAVAILABLE, { kind: 'reset' }],
  ['no answer', UNAVAILABLE, { kind: 'hang' }],
  ['429', RATE_LIMITED, { kind: 'status', status: 429 }],
  ['404 before any success', MISCONFIGURED, { kind: 'status', status: 404 }],
  ['404 in HTML before any success', MISCONFIGURED, { kind: 'html', status: 404 }],
  ['a redirect before any success', MISCONFIGURED, { kind: 'raw', status: 302, headers: { location: '/' }, body: '' }],
  ['200 to everything', MISCONFIGURED, { kind: 'raw', status: 200, body: '' }],
  ['200 and JSON to everything', MISCONFIGURED, { kind: 'raw', status: 200, body: '{}' }],
]);

/** Other reasons for a rejection. */
export const OTHER_REJECTIONS = table<
  [title: string, expected: Decision, handler: HandlerName, keyFor: (app: TestApp) => Promise<string> | string]
>([
  ['a forged key with our merchantId', REJECTED, 'guarded', ({ coinflow }) => forge(unseenKey(coinflow))],
  ['alg: none with a signature', REJECTED, 'guarded', () => algNone('demo-merchant')],
  ["a user's key where the policy requires a wallet", NOT_ALLOWED, 'wallet', ({ coinflow }) => unseenKey(coinflow)],
  ['a revoked key', REVOKED, 'guarded', revokedKey],
  ['a revoked key where a session is optional', REVOKED, 'optional', revokedKey],
  ['a created key that Coinflow rejects, with maxAgeMs: 0', REJECTED, 'strict', keyThatCoinflowRejects],
  ['a created key while Coinflow is down, with maxAgeMs: 0', UNAVAILABLE, 'strict', keyDuringAnOutage],
]);

/** Session keys that the guard accepts, for the user alice. */
export const ACCEPTED = table<[title: string, handler: HandlerName, keyFor: (app: TestApp) => Promise<string>]>([
  ['a key that Coinflow accepts', 'guarded', ({ coinflow }) => Promise.resolve(unseenKey(coinflow))],
  ['a key where a session is optional', 'optional', ({ coinflow }) => Promise.resolve(unseenKey(coinflow))],
  ['a created key with maxAgeMs: 0', 'strict', createdKey],
  ['a created key while Coinflow is down', 'guarded', keyDuringAnOutage],
]);

/** The handlers that every context has for the table. */
export type HandlerName = 'guarded' | 'optional' | 'strict' | 'wallet';

async function createdKey({ service }: TestApp): Promise<string> {
  return (await service.createSessionKey({ userId: 'alice' })).key;
}

async function keyDuringAnOutage(app: TestApp): Promise<string> {
  const key = await createdKey(app);
  app.coinflow.fail('verify', { kind: 'reset' });
  return key;
}

async function keyThatCoinflowRejects(app: TestApp): Promise<string> {
  const key = await createdKey(app);
  app.coinflow.fail('verify', { kind: 'status', status: 401 });
  return key;
}

async function revokedKey(app: TestApp): Promise<string> {
  const key = await createdKey(app);
  await app.service.revokeSessionKey(key);
  return key;
}

export function algNone(merchantId: string | undefined): string {
  const claims = { customerId: 'alice', merchantId, iat: nowSeconds(), exp: nowSeconds() + 3_600 };
  const parts = [{ alg: 'none', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  return [...parts, 'A'.repeat(43)].join('.');
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}
