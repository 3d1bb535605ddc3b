import {
  IsBoolean,
  IsIn,
  IsObject,
  IsOptional,
  ValidateNested,
  validateSync,
  type ValidationError,
} from 'class-validator';
import type { SessionKeyExtractor } from '../extraction/session-key-extractor.js';
import { COINFLOW_BASE_URLS, baseUrlProblem } from './base-url.js';
import { leavesNewKeys } from './budget-options.js';
import { BudgetShape, NO_NEW_KEYS } from './budget-rules.js';
import { apiKeyProblem } from '../util/header-value.js';
import { DAY_MS, HeaderValue, ProblemRule, Rule, Whole, hasMethods, isWhole } from './value-rules.js';
import { WebhookShape } from './webhook-rules.js';

const SEAL_KEY_BYTES = 32;
const SHARED_STORE_METHODS = ['get', 'set', 'delete'];

/** The environment variable that `coinflowAuthConfig` reads an option from, for error messages. */
const OPTION_VARIABLES: Readonly<Record<string, string>> = {
  env: 'COINFLOW_ENV',
  apiKey: 'COINFLOW_API_KEY',
  merchantId: 'COINFLOW_MERCHANT_ID',
  baseUrl: 'COINFLOW_BASE_URL',
  sealKeys: 'COINFLOW_SEAL_KEYS',
  'cache.ttlMs': 'COINFLOW_CACHE_TTL_MS',
  'cache.staleIfErrorMs': 'COINFLOW_STALE_IF_ERROR_MS',
  'budget.verificationsPerMinute': 'COINFLOW_VERIFICATIONS_PER_MINUTE',
  'webhook.keys': 'COINFLOW_WEBHOOK_VALIDATION_KEY',
  'webhook.consumer': 'COINFLOW_WEBHOOK_CONSUMER',
};

const ApiKey = (): PropertyDecorator =>
  ProblemRule('apiKey', (value) => {
    const problem = typeof value === 'function' ? undefined : apiKeyProblem(value);
    return problem && `${problem}, or a function that gives such a key`;
  });

const SealKeys = (): PropertyDecorator =>
  Rule(
    'sealKeys',
    (value) => Array.isArray(value) && value.length > 0 && value.every(isSealKey),
    'must be a list of one or more secrets, each 32 random bytes in base64: openssl rand -base64 32',
  );

function isSealKey(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const bytes = Buffer.from(value, 'base64');
  // Node reads past what is not base64; only the one right way to write the bytes will do.
  return bytes.length === SEAL_KEY_BYTES && bytes.toString('base64') === value;
}

const Extractor = (): PropertyDecorator =>
  Rule(
    'extractor',
    (value) => {
      const { find, schemes, headers } = Object(value) as Partial<SessionKeyExtractor>;
      return typeof find === 'function' && Array.isArray(schemes) && (headers === undefined || isHeaderNames(headers));
    },
    'must be one of SessionKeyExtractors, or have find(), schemes and optionally headers, a list of header names',
  );

/** They are written into a header of each answer. */
function isHeaderNames(value: unknown): boolean {
  const isName = (name: unknown): boolean => typeof name === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(name);
  return Array.isArray(value) && value.length > 0 && value.every(isName);
}

const BaseUrl = (): PropertyDecorator =>
  ProblemRule('baseUrl', (value, args) =>
    baseUrlProblem(value, (args?.object as OptionsShape).allowPlainHttp === true),
  );

const Agent = (): PropertyDecorator =>
  Rule('agent', (value) => hasMethods(value, ['createConnection']), 'must be an http.Agent or https.Agent');

const SharedStore = (): PropertyDecorator =>
  Rule(
    'sharedStore',
    (value) => hasMethods(value, SHARED_STORE_METHODS),
    'must be redisSharedStore(), a Keyv, or have the methods get, set and delete',
  );

const SharedStoreTimeout = (): PropertyDecorator =>
  Rule(
    'sharedStoreTimeout',
    (value) => {
      const { timeoutMs } = value as { timeoutMs?: unknown };
      return timeoutMs === undefined || isWhole(timeoutMs, 1, 1_000);
    },
    'must have no timeoutMs, or a whole number from 1 to 1000',
  );

class CacheShape {
  @IsOptional()
  @Whole(1, DAY_MS)
  ttlMs?: number;

  @IsOptional()
  @Whole(0, DAY_MS)
  staleIfErrorMs?: number;

  @IsOptional()
  @Whole(1, 10_000_000)
  maxEntries?: number;
}

class HttpShape {
  @IsOptional()
  @Whole(1, 60_000)
  timeoutMs?: number;

  @IsOptional()
  @Whole(0, 5)
  retries?: number;

  @IsOptional()
  @Agent()
  agent?: unknown;
}

class OptionsShape {
  @IsIn(Object.keys(COINFLOW_BASE_URLS), { message: `must be one of ${Object.keys(COINFLOW_BASE_URLS).join(', ')}` })
  env?: unknown;

  @ApiKey()
  apiKey?: unknown;

  @HeaderValue()
  merchantId?: unknown;

  @IsOptional()
  @BaseUrl()
  baseUrl?: unknown;

  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  allowPlainHttp?: unknown;

  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  acceptUnboundKeys?: unknown;

  @IsOptional()
  @SealKeys()
  sealKeys?: unknown;

  @IsOptional()
  @Extractor()
  extractor?: unknown;

  @IsOptional()
  @IsObject({ message: 'must be an object' })
  @ValidateNested()
  cache?: unknown;

  @IsOptional()
  @SharedStore()
  @SharedStoreTimeout()
  store?: unknown;

  @IsOptional()
  @IsObject({ message: 'must be an object' })
  @ValidateNested()
  http?: unknown;

  @IsOptional()
  @IsObject({ message: 'must be an object' })
  @ValidateNested()
  budget?: unknown;

  @IsOptional()
  @IsObject({ message: 'must be an object' })
  @ValidateNested()
  webhook?: unknown;
}

/** Every mistake in the options: option, rule and environment variable, never a value. */
export function problemsOf(options: unknown): string[] {
  if (!isObject(options)) return ['the options must be an object: did useFactory return one?'];
  // By hand and one level deep: a copy of the caller's HTTP agent would not be the caller's HTTP agent.
  const shape = Object.assign(new OptionsShape(), options);
  if (isObject(shape.cache)) shape.cache = Object.assign(new CacheShape(), shape.cache);
  if (isObject(shape.http)) shape.http = Object.assign(new HttpShape(), shape.http);
  if (isObject(shape.budget)) shape.budget = Object.assign(new BudgetShape(), shape.budget);
  if (isObject(shape.webhook)) shape.webhook = Object.assign(new WebhookShape(), shape.webhook);
  const errors = validateSync(shape, {
    whitelist: true,
    forbidNonWhitelisted: true,
    validationError: { target: false, value: false },
  });
  const problems = errors.flatMap((error) => describe(error, ''));
  // What is wrong by itself adds up to nothing.
  const hasShares = shape.budget instanceof BudgetShape && errors.every(({ property }) => property !== 'budget');
  return hasShares && !leavesNewKeys(shape.budget as BudgetShape) ? [...problems, NO_NEW_KEYS] : problems;
}

function describe({ property, constraints = {}, children = [] }: ValidationError, path: string): string[] {
  const option = path + property;
  const variable = OPTION_VARIABLES[option];
  const rules = new Set(
    Object.entries(constraints).map(([rule, message]) =>
      rule === 'whitelistValidation' ? 'is not an option of this version' : message,
    ),
  );
  return [
    ...Array.from(rules, (rule) => `${option} ${rule}${variable ? ` (environment variable ${variable})` : ''}`),
    ...children.flatMap((child) => describe(child, `${option}.`)),
  ];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
