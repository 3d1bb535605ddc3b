import { SessionKeyExtractors } from '../extraction/built-in-extractors.js';
import { COINFLOW_BASE_URLS, type CoinflowEnv } from './base-url.js';
import {
  DELIVERY_RETENTION_MS,
  type CoinflowApiOptions,
  type CoinflowAuthModuleOptions,
  type CoinflowBudgetOptions,
  type CoinflowCacheOptions,
  type CoinflowHttpOptions,
  type CoinflowWebhookOptions,
} from './coinflow-auth-options.js';
import * as rules from './option-rules.js';
import type { GivenOptions, OptionRule } from './option-rules.js';

const DAY_MS = 86_400_000;
/** The smallest default of `newKeysPerClient`. */
const MIN_NEW_KEYS_PER_CLIENT = 14;

/** The options that are groups of options. */
export const OPTION_GROUPS = ['cache', 'http', 'budget', 'api', 'webhook'] as const;
export type OptionGroup = (typeof OPTION_GROUPS)[number];

type InGroup<Group extends OptionGroup, Options> = {
  [Name in keyof Options & string as `${Group}.${Name}`]-?: NonNullable<Options[Name]>;
};

/** The type of each option, by its path: `cache.ttlMs`. */
type OptionValues = Required<Omit<CoinflowAuthModuleOptions, OptionGroup>> &
  InGroup<'cache', CoinflowCacheOptions> &
  InGroup<'http', CoinflowHttpOptions> &
  InGroup<'budget', CoinflowBudgetOptions> &
  InGroup<'api', CoinflowApiOptions> &
  InGroup<'webhook', CoinflowWebhookOptions>;

/** The options whose defaults others depend on. The table fills them in from top to bottom. */
interface OptionsAbove {
  readonly env: CoinflowEnv;
  readonly budget: { readonly verificationsPerMinute: number; readonly revalidations: number };
}

/** The option stays `undefined`. */
interface NoDefault {
  readonly text: string;
  readonly compute?: undefined;
}

interface ComputedDefault<Value> {
  readonly text: string;
  readonly compute: (options: OptionsAbove) => Value;
}

/** The environment variable that `coinflowAuthConfig` reads an option from. */
interface OptionVariable {
  readonly name: string;
  readonly parse: (text: string) => unknown;
}

/** One option. Its documentation is the docstring of its property. */
export interface OptionRow<Value = unknown> {
  readonly rule: OptionRule;
  /** A constant, or the text that `@default` has. A required option has no default. */
  readonly default?: (Value & (number | boolean)) | ComputedDefault<Value> | NoDefault;
  readonly variable?: OptionVariable;
  /** A condition under which an option must be given although it has a default. */
  readonly required?: { readonly when: string; readonly isRequired: (options: GivenOptions) => boolean };
}

const none = (text: string): NoDefault => ({ text });
const computed = <Value>(text: string, compute: (options: OptionsAbove) => Value): ComputedDefault<Value> => ({
  text,
  compute,
});

const textFrom = (name: string): OptionVariable => ({ name, parse: (text) => text });
const numberFrom = (name: string): OptionVariable => ({ name, parse: Number });
const listFrom = (name: string): OptionVariable => ({ name, parse: (text) => text.split(/\s*,\s*/) });

/**
 * Every option: its rule, its default and its environment variable. `resolve-options.ts` checks the options with it and fills in
 * the defaults, `environment.ts` reads the variables, and the docs have a table of it.
 */
export const OPTION_TABLE = {
  env: { rule: rules.env, variable: textFrom('COINFLOW_ENV') },
  apiKey: { rule: rules.apiKey, variable: textFrom('COINFLOW_API_KEY') },
  merchantId: { rule: rules.headerValue, variable: textFrom('COINFLOW_MERCHANT_ID') },
  baseUrl: {
    rule: rules.baseUrl,
    default: computed('the URL of `env`', ({ env }) => COINFLOW_BASE_URLS[env]),
    variable: textFrom('COINFLOW_BASE_URL'),
  },
  allowPlainHttp: { rule: rules.boolean, default: false },
  acceptUnboundKeys: { rule: rules.boolean, default: false },
  sealKeys: {
    rule: rules.sealKeys,
    default: none('derived from `apiKey` in `sandbox` and `local`; otherwise none, and sessions have no `attestedKey`'),
    variable: listFrom('COINFLOW_SEAL_KEYS'),
    required: {
      when: 'when store is set',
      isRequired: ({ store, env, apiKey }) => rules.isGiven(store) && !rules.isSealedByApiKey(env, apiKey),
    },
  },
  extractor: {
    rule: rules.extractor,
    default: computed('SessionKeyExtractors.fromHeader()', () => SessionKeyExtractors.fromHeader()),
  },
  loadUser: { rule: rules.func, default: none('none: an application with `@SessionUser()` does not start') },
  asyncContext: { rule: rules.boolean, default: false },
  contexts: { rule: rules.contexts, default: computed('none: HTTP only', () => ({})) },
  routeAudit: { rule: rules.routeAudit, default: computed("'off'", () => 'off') },
  store: { rule: rules.sharedStore, default: none('none: each replica has its own cache') },
  'cache.ttlMs': {
    rule: rules.whole(1, DAY_MS),
    default: 3_600_000,
    variable: numberFrom('COINFLOW_CACHE_TTL_MS'),
  },
  'cache.staleIfErrorMs': {
    rule: rules.whole(0, DAY_MS),
    default: 0,
    variable: numberFrom('COINFLOW_STALE_IF_ERROR_MS'),
  },
  'cache.maxEntries': { rule: rules.whole(1, 10_000_000), default: 100_000 },
  'http.timeoutMs': { rule: rules.whole(1, 60_000), default: 5_000 },
  'http.retries': { rule: rules.whole(0, 5), default: 2 },
  'http.agent': {
    rule: rules.agent,
    default: none('an agent that keeps connections alive, closed with the application'),
  },
  'budget.verificationsPerMinute': {
    rule: rules.verifications,
    default: rules.DEFAULT_VERIFICATIONS_PER_MINUTE,
    variable: numberFrom('COINFLOW_VERIFICATIONS_PER_MINUTE'),
  },
  'budget.revalidations': {
    rule: rules.revalidations,
    default: computed('a quarter of `verificationsPerMinute`', ({ budget }) =>
      Math.floor(budget.verificationsPerMinute / 4),
    ),
  },
  'budget.newKeysPerClient': {
    rule: rules.callsOrNoLimit,
    default: computed('the larger of 14 and half of the share of new keys', ({ budget }) =>
      Math.max(MIN_NEW_KEYS_PER_CLIENT, rules.half(rules.newKeysShare(budget))),
    ),
  },
  'budget.rejectionsPerClient': { rule: rules.callsOrNoLimit, default: 10 },
  'budget.walletLogins': { rule: rules.calls, default: 20 },
  'budget.walletLoginsPerClient': { rule: rules.calls, default: 5 },
  'budget.getClient': {
    rule: rules.func,
    default: none("the client's address as the adapter determines it with its `trust proxy`"),
  },
  'api.callsPerMinute': {
    rule: rules.calls,
    default: 20,
    variable: numberFrom('COINFLOW_API_CALLS_PER_MINUTE'),
  },
  'api.timeoutMs': { rule: rules.whole(1, 600_000), default: 30_000 },
  'api.strict': { rule: rules.boolean, default: false },
  'webhook.keys': { rule: rules.webhookKeys, variable: listFrom('COINFLOW_WEBHOOK_VALIDATION_KEY') },
  'webhook.acceptAuthorization': { rule: rules.boolean, default: false },
  'webhook.toleranceMs': {
    rule: rules.whole(1, DELIVERY_RETENTION_MS),
    default: none('37 hours; 5 minutes with `deliveries: false` and on routes with the guard alone'),
  },
  'webhook.acceptMerchant': {
    rule: rules.func,
    default: none(
      'none: such an event gets a 503, so that Coinflow retries it for 36 hours, and logged once per merchant',
    ),
  },
  'webhook.consumer': {
    rule: rules.consumer,
    default: none('none; required when `deliveries` is a store'),
    variable: textFrom('COINFLOW_WEBHOOK_CONSUMER'),
    required: {
      when: 'when webhook.deliveries is a store',
      isRequired: ({ webhook }) => rules.hasDeliveryStore(webhook),
    },
  },
  'webhook.deliveries': {
    rule: rules.deliveryStore,
    default: none('the memory of this replica: the newest 100,000 deliveries, until a restart'),
  },
  'webhook.shutdownTimeoutMs': { rule: rules.whole(0, 600_000), default: 10_000 },
} satisfies { readonly [Name in keyof OptionValues]: OptionRow<OptionValues[Name]> };

type OptionName = keyof typeof OPTION_TABLE;

type Completed<Name extends OptionName> = (typeof OPTION_TABLE)[Name] extends { default: NoDefault }
  ? OptionValues[Name] | undefined
  : OptionValues[Name];

type CompletedGroup<Group extends OptionGroup> = {
  readonly [Name in OptionName as Name extends `${Group}.${infer Option}` ? Option : never]: Completed<Name>;
};

/** The options with their defaults. */
export type CompleteOptions = {
  readonly [Name in Exclude<OptionName, `${string}.${string}`>]: Completed<Name>;
} & { readonly [Group in 'cache' | 'http' | 'budget' | 'api']: CompletedGroup<Group> } & {
  readonly webhook: CompletedGroup<'webhook'> | undefined;
};

/** @returns the rows of a group, or of the options outside of groups, by the option's name in it */
export function optionRows(group?: OptionGroup): [name: string, row: OptionRow][] {
  const prefix = group === undefined ? '' : `${group}.`;
  return Object.entries(OPTION_TABLE)
    .filter(([path]) => path.startsWith(prefix) && !path.slice(prefix.length).includes('.'))
    .map(([path, row]) => [path.slice(prefix.length), row]);
}

/** Whether a group has a required option. Such a group is off when it is not given. */
export function isOptionalGroup(group: OptionGroup): boolean {
  return optionRows(group).some(([, row]) => row.default === undefined);
}
