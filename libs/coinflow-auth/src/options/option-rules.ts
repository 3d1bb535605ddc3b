import { isBoolean, isIn, isInt, max, min } from 'class-validator';
import type { SessionKeyExtractor } from '../extraction/session-key-extractor.js';
import { COINFLOW_BASE_URLS, baseUrlProblem, type CoinflowEnv } from './base-url.js';
import { HEADER_VALUE_RULE, apiKeyProblem, headerValueProblem, isHeaderValue } from '../util/header-value.js';

// The rules that the option table gives to the options. `resolve-options.ts` applies them.

export const DEFAULT_VERIFICATIONS_PER_MINUTE = 60;
const SEAL_KEY_BYTES = 32;
/** The environments in which an API key is worth so little that seal keys may be derived from it. */
const ENVS_WITHOUT_SEAL_KEYS: readonly CoinflowEnv[] = ['sandbox', 'local'];
const SHARED_STORE_METHODS = ['get', 'set', 'delete'];
const CONTEXT_METHODS = ['find', 'toException'];
const DELIVERY_STORE_METHODS = ['claim', 'renew', 'complete', 'release', 'forget'];
const MAX_STORE_TIMEOUT_MS = 1_000;
const MAX_CALLS = 10_000_000;
/** A quarter of fewer calls is none. */
const MIN_VERIFICATIONS = 4;

/** Options before validation: each can be any value. */
export type GivenOptions = Readonly<Record<string, unknown>>;

/** Whether an option is set. `null` counts as not set. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** What the value of an option must be. */
export interface OptionRule {
  /** What the value must be, for the docs: `true or false`. */
  readonly text: string;
  /** @returns the requirement that a value does not meet, without the value, or `undefined` when the value is valid */
  problem(value: unknown, options: GivenOptions): string | undefined;
}

function rule(text: string, isValid: (value: unknown) => boolean): OptionRule {
  return { text, problem: (value) => (isValid(value) ? undefined : `must be ${text}`) };
}

export function whole(smallest: number, largest: number): OptionRule {
  return rule(`a whole number from ${smallest} to ${largest}`, (value) => isWhole(value, smallest, largest));
}

export const boolean: OptionRule = rule('true or false', isBoolean);

/** The values of the option `routeAudit`, from the mildest to the strictest. */
export const ROUTE_AUDITS = ['off', 'warn', 'strict'] as const;
export type RouteAuditMode = (typeof ROUTE_AUDITS)[number];

export const routeAudit: OptionRule = rule(`one of ${ROUTE_AUDITS.join(', ')}`, (value) => isIn(value, ROUTE_AUDITS));

export const func: OptionRule = rule('a function', (value) => typeof value === 'function');

export const env: OptionRule = rule(`one of ${Object.keys(COINFLOW_BASE_URLS).join(', ')}`, (value) =>
  isIn(value, Object.keys(COINFLOW_BASE_URLS)),
);

const HEADER_VALUE = HEADER_VALUE_RULE.replace(/^must be /, '');

export const headerValue: OptionRule = { text: HEADER_VALUE, problem: (value) => headerValueProblem(value) };

export const apiKey: OptionRule = {
  text: `${HEADER_VALUE}, or a function that returns such a key`,
  problem(value) {
    const problem = typeof value === 'function' ? undefined : apiKeyProblem(value);
    return problem && `${problem}, or a function that returns such a key`;
  },
};

export const baseUrl: OptionRule = {
  text: 'an absolute URL',
  problem: (value, { allowPlainHttp }) => baseUrlProblem(value, allowPlainHttp === true),
};

export const sealKeys: OptionRule = rule(
  'a list of one or more secrets, each 32 random bytes in base64: openssl rand -base64 32',
  (value) => Array.isArray(value) && value.length > 0 && value.every(isSealKey),
);

function isSealKey(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const bytes = Buffer.from(value, 'base64');
  // Node ignores characters that are not base64, so only the canonical form of the bytes is accepted.
  return bytes.length === SEAL_KEY_BYTES && bytes.toString('base64') === value;
}

/** Whether seal keys are derived from the API key when the option `sealKeys` is not set. */
export function isSealedByApiKey(env: unknown, apiKey: unknown): apiKey is string {
  return typeof apiKey === 'string' && ENVS_WITHOUT_SEAL_KEYS.some((one) => one === env);
}

export const extractor: OptionRule = rule(
  'one of SessionKeyExtractors, or an object with find(), schemes and optionally headers, a list of header names',
  (value) => {
    const { find, schemes, headers } = Object(value) as Partial<SessionKeyExtractor>;
    return typeof find === 'function' && Array.isArray(schemes) && (headers === undefined || isHeaderNames(headers));
  },
);

/** The guard writes them to a header of each answer. */
function isHeaderNames(value: unknown): boolean {
  const isName = (name: unknown): boolean => typeof name === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(name);
  return Array.isArray(value) && value.length > 0 && value.every(isName);
}

export const contexts: OptionRule = rule(
  "an object of adapters, each with find() and toException(), or 'skip', by types of contexts other than http",
  (value) =>
    isPlainObject(value) &&
    !Object.hasOwn(value, 'http') &&
    Object.values(value).every((context) => context === 'skip' || hasMethods(context, CONTEXT_METHODS)),
);

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const agent: OptionRule = rule('an http.Agent or https.Agent', (value) =>
  hasMethods(value, ['createConnection']),
);

const sharedStoreMethods = rule(
  'redisSharedStore(), a Keyv, or an object with the methods get, set and delete',
  (value) => hasMethods(value, SHARED_STORE_METHODS),
);

export const sharedStore: OptionRule = {
  text: sharedStoreMethods.text,
  problem(value, options) {
    const { timeoutMs } = Object(value) as { timeoutMs?: unknown };
    const isTimeout = timeoutMs === undefined || isWhole(timeoutMs, 1, MAX_STORE_TIMEOUT_MS);
    const timeoutProblem = `must have no timeoutMs, or a whole number from 1 to ${MAX_STORE_TIMEOUT_MS}`;
    return sharedStoreMethods.problem(value, options) ?? (isTimeout ? undefined : timeoutProblem);
  },
};

export const deliveryStore: OptionRule = rule(
  `redisDeliveryStore(), false, or an object with the methods ${DELIVERY_STORE_METHODS.join(', ')}`,
  (value) => value === false || hasMethods(value, DELIVERY_STORE_METHODS),
);

export function hasDeliveryStore(webhook: unknown): boolean {
  const { deliveries } = Object(webhook) as { deliveries?: unknown };
  return isGiven(deliveries) && deliveries !== false;
}

export const webhookKeys: OptionRule = rule(
  `${HEADER_VALUE}, or a list of such keys, or a function that returns them`,
  (value) => {
    if (typeof value === 'function') return true;
    const keys: unknown[] = Array.isArray(value) ? value : [value];
    return keys.length > 0 && keys.every((key) => isHeaderValue(key));
  },
);

export const consumer: OptionRule = rule(
  'the name of the application that handles these webhooks, in 1 to 256 visible ASCII characters',
  (value) => isHeaderValue(value),
);

export const calls: OptionRule = whole(1, MAX_CALLS);

/** 0 means no limit. */
export const callsOrNoLimit: OptionRule = whole(0, MAX_CALLS);

export const verifications: OptionRule = whole(MIN_VERIFICATIONS, MAX_CALLS);

export const revalidations: OptionRule = {
  text: calls.text,
  problem(value, options) {
    const { verificationsPerMinute } = Object(options.budget) as { verificationsPerMinute?: unknown };
    return calls.problem(value, options) ?? newKeysProblem(value as number, verificationsPerMinute);
  },
};

function newKeysProblem(revalidationCalls: number, given: unknown): string | undefined {
  const verificationsPerMinute = given ?? DEFAULT_VERIFICATIONS_PER_MINUTE;
  // The rule of that option reports it.
  if (!isWhole(verificationsPerMinute, MIN_VERIFICATIONS, MAX_CALLS)) return undefined;
  if (newKeysShare({ verificationsPerMinute, revalidations: revalidationCalls }) >= 1) return undefined;
  return 'must be less than half of budget.verificationsPerMinute: the other half is for known keys, and at least 1 call must be left for new keys';
}

/** How many calls are for new keys: those that are reserved neither for known keys nor for revalidations. */
export function newKeysShare(budget: { verificationsPerMinute: number; revalidations: number }): number {
  return budget.verificationsPerMinute - half(budget.verificationsPerMinute) - budget.revalidations;
}

export function half(calls: number): number {
  return Math.floor(calls / 2);
}

function isWhole(value: unknown, smallest: number, largest: number): value is number {
  return isInt(value) && min(value, smallest) && max(value, largest);
}

function hasMethods(value: unknown, methods: readonly string[]): boolean {
  const object = Object(value) as Record<string, unknown>;
  return methods.every((method) => typeof object[method] === 'function');
}
