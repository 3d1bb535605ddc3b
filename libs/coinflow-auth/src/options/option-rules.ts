import {
  IsBoolean,
  IsIn,
  IsObject,
  IsOptional,
  ValidateBy,
  ValidateNested,
  validateSync,
  type ValidationArguments,
  type ValidationError,
} from 'class-validator';
import type { SessionKeyExtractor } from '../extraction/session-key-extractor.js';
import { COINFLOW_BASE_URLS, baseUrlProblem } from './base-url.js';
import { leavesNewKeys, type CoinflowBudgetOptions } from './budget-options.js';
import { HEADER_VALUE_RULE, isHeaderValue } from './header-value.js';
import { WEBHOOK_PROOFS } from './webhook-options.js';

const DAY_MS = 86_400_000;
const MAX_CALLS = 10_000_000;
const SEAL_KEY_BYTES = 32;
const DELIVERY_STORE_METHODS = ['claim', 'renew', 'complete', 'release'];
const SHARED_STORE_METHODS = ['get', 'set', 'delete'];

const NO_NEW_KEYS =
  'budget.reservedForProven (half of budget.verificationsPerMinute, unless it is given) and budget.forcedChecks (a quarter) must leave at least 1 of budget.verificationsPerMinute for session keys that are new';

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
};

const HeaderValue = (): PropertyDecorator =>
  ValidateBy({
    name: 'headerValue',
    validator: { validate: (value) => isHeaderValue(value), defaultMessage: () => HEADER_VALUE_RULE },
  });

const ApiKey = (): PropertyDecorator =>
  ValidateBy({
    name: 'apiKey',
    validator: {
      validate: (value) => typeof value === 'function' || isHeaderValue(value),
      defaultMessage: () => `${HEADER_VALUE_RULE}, or a function that gives such a key`,
    },
  });

const SealKeys = (): PropertyDecorator =>
  ValidateBy({
    name: 'sealKeys',
    validator: {
      validate: (value) => Array.isArray(value) && value.length > 0 && value.every(isSealKey),
      defaultMessage: () =>
        'must be a list of one or more secrets, each 32 random bytes in base64: openssl rand -base64 32',
    },
  });

function isSealKey(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const bytes = Buffer.from(value, 'base64');
  // Node reads past what is not base64; only the one right way to write the bytes will do.
  return bytes.length === SEAL_KEY_BYTES && bytes.toString('base64') === value;
}

const Extractor = (): PropertyDecorator =>
  ValidateBy({
    name: 'extractor',
    validator: {
      validate: (value) => {
        const { find, schemes } = Object(value) as Partial<SessionKeyExtractor>;
        return typeof find === 'function' && Array.isArray(schemes);
      },
      defaultMessage: () => 'must be one of SessionKeyExtractors, or have its methods',
    },
  });

const BaseUrl = (): PropertyDecorator => {
  const problem = (value: unknown, args?: ValidationArguments): string | undefined =>
    baseUrlProblem(value, (args?.object as OptionsShape).allowPlainHttp === true);
  return ValidateBy({
    name: 'baseUrl',
    validator: {
      validate: (value, args) => problem(value, args) === undefined,
      defaultMessage: (args) => problem(args?.value, args) ?? '',
    },
  });
};

const Agent = (): PropertyDecorator =>
  ValidateBy({
    name: 'agent',
    validator: {
      validate: (value) => typeof (value as { createConnection?: unknown } | null)?.createConnection === 'function',
      defaultMessage: () => 'must be an http.Agent or https.Agent',
    },
  });

const WebhookKeys = (): PropertyDecorator =>
  ValidateBy({
    name: 'webhookKeys',
    validator: {
      validate: (value: unknown) => {
        const keys: unknown[] = Array.isArray(value) ? value : [value];
        return keys.length > 0 && keys.every((key) => isHeaderValue(key));
      },
      defaultMessage: () => `${HEADER_VALUE_RULE}, or a list of such keys`,
    },
  });

const WebhookProofs = (): PropertyDecorator =>
  ValidateBy({
    name: 'webhookProofs',
    validator: {
      validate: (value: unknown) =>
        Array.isArray(value) &&
        value.includes('signature') &&
        value.every((proof) => WEBHOOK_PROOFS.some((known) => known === proof)),
      defaultMessage: () => "must be ['signature'] or ['signature', 'authorization']",
    },
  });

const Deliveries = (): PropertyDecorator =>
  ValidateBy({
    name: 'deliveryStore',
    validator: {
      validate: (value: unknown) => value === false || hasMethods(value, DELIVERY_STORE_METHODS),
      defaultMessage: () =>
        `must be redisDeliveries(), false, or have the methods ${DELIVERY_STORE_METHODS.join(', ')}`,
    },
  });

const SharedStore = (): PropertyDecorator =>
  ValidateBy({
    name: 'sharedStore',
    validator: {
      validate: (value: unknown) => hasMethods(value, SHARED_STORE_METHODS),
      defaultMessage: () => 'must be redisCoinflowMemory(), a Keyv, or have the methods get, set and delete',
    },
  });

function hasMethods(value: unknown, methods: readonly string[]): boolean {
  const one = Object(value) as Record<string, unknown>;
  return methods.every((method) => typeof one[method] === 'function');
}

const Whole = (min: number, max: number): PropertyDecorator =>
  ValidateBy({
    name: 'whole',
    validator: {
      validate: (value) => isWhole(value, min, max),
      defaultMessage: () => `must be a whole number from ${min} to ${max}`,
    },
  });

function isWhole(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

const RefusalsPerSource = (): PropertyDecorator =>
  ValidateBy({
    name: 'refusalsPerSource',
    validator: {
      validate: (value) => value === false || isWhole(value, 0, MAX_CALLS),
      defaultMessage: () => `must be a whole number from 0 to ${MAX_CALLS}, or false`,
    },
  });

const Source = (): PropertyDecorator =>
  ValidateBy({
    name: 'source',
    validator: {
      validate: (value) => typeof value === 'function',
      defaultMessage: () => 'must be a function that says where a request comes from',
    },
  });

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

  @IsOptional()
  @SharedStore()
  store?: unknown;
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

class BudgetShape {
  @IsOptional()
  // Fewer, and a quarter of them would be none.
  @Whole(4, MAX_CALLS)
  verificationsPerMinute?: number;

  @IsOptional()
  @Whole(0, MAX_CALLS)
  reservedForProven?: number;

  @IsOptional()
  @Whole(1, MAX_CALLS)
  forcedChecks?: number;

  @IsOptional()
  @Whole(1, MAX_CALLS)
  forcedChecksPerKey?: number;

  @IsOptional()
  @RefusalsPerSource()
  refusalsPerSource?: number | false;

  @IsOptional()
  @Source()
  source?: CoinflowBudgetOptions['source'];
}

class WebhookShape {
  @WebhookKeys()
  keys?: unknown;

  @IsOptional()
  @WebhookProofs()
  proofs?: unknown;

  @IsOptional()
  @Whole(1, 7 * DAY_MS)
  toleranceMs?: unknown;

  @IsOptional()
  @Deliveries()
  deliveries?: unknown;
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
