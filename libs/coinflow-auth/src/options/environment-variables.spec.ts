import { Agent } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { coinflowAuthConfig } from '../config/index.js';
import type { CoinflowAuthModuleOptions } from './coinflow-auth-options.js';
import { mergeEnvironment } from './environment-variables.js';
import { resolveOptions } from './resolve-options.js';

/** Every variable of a group, by its option. */
const GROUPS: [
  variable: string,
  group: 'cache' | 'budget' | 'webhook',
  option: string,
  value: string,
  read: unknown,
][] = [
  ['COINFLOW_CACHE_TTL_MS', 'cache', 'ttlMs', '60000', 60_000],
  ['COINFLOW_STALE_IF_ERROR_MS', 'cache', 'staleIfErrorMs', '1000', 1_000],
  ['COINFLOW_VERIFICATIONS_PER_MINUTE', 'budget', 'verificationsPerMinute', '40', 40],
  ['COINFLOW_WEBHOOK_VALIDATION_KEY', 'webhook', 'keys', 'a, b', ['a', 'b']],
];
/** In each group an option that has no variable. */
const OTHERS = {
  cache: { maxEntries: 7 },
  budget: { revalidations: 3 },
  webhook: { toleranceMs: 5_000 },
} as const;

function environment(): CoinflowAuthModuleOptions {
  process.env.COINFLOW_ENV = 'sandbox';
  process.env.COINFLOW_API_KEY = 'key';
  process.env.COINFLOW_MERCHANT_ID = 'merchant';
  for (const [variable, , , value] of GROUPS) process.env[variable] = value;
  return coinflowAuthConfig();
}

describe('mergeEnvironment', () => {
  afterEach(() => {
    for (const [variable] of GROUPS) delete process.env[variable];
    for (const name of ['ENV', 'API_KEY', 'MERCHANT_ID', 'SEAL_KEYS']) delete process.env[`COINFLOW_${name}`];
  });

  it.each(GROUPS)('keeps %s when other options of the group %s are given', (_, group, option, _value, read) => {
    const given = { ...environment(), [group]: OTHERS[group] };
    expect(mergeEnvironment(given)[group]).toMatchObject({ ...OTHERS[group], [option]: read });
    expect(() => resolveOptions(given)).not.toThrow();
  });

  it.each(GROUPS)('prefers a given option to %s, unless it is undefined', (_, group, option, _v, read) => {
    const other = group === 'webhook' ? ['c'] : 30;
    const resolve = (value: unknown): unknown =>
      mergeEnvironment({ ...environment(), [group]: { [option]: value } })[group];
    expect(resolve(other)).toMatchObject({ [option]: other });
    expect(resolve(undefined)).toMatchObject({ [option]: read });
  });

  it('keeps the groups that are not given, and given groups without variables', () => {
    const agent = new Agent();
    const resolved = resolveOptions({ ...environment(), http: { agent } });
    expect(resolved).toMatchObject({ cache: { ttlMs: 60_000 }, budget: { reservedForKnownKeys: 20 } });
    expect(resolved.webhook?.keys()).toEqual(['a', 'b']);
    expect(resolved.http.agent).toBe(agent);
  });

  it('replaces a list as a whole', () => {
    const [old, next] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64'));
    process.env.COINFLOW_SEAL_KEYS = old;
    expect(mergeEnvironment({ ...environment(), sealKeys: [next as string] }).sealKeys).toEqual([next]);
  });

  it('switches a group off that is given as undefined', () => {
    expect(resolveOptions({ ...environment(), webhook: undefined }).webhook).toBeUndefined();
  });

  it('merges after a second spread', () => {
    const once = { ...environment(), cache: { maxEntries: 7 } };
    expect(resolveOptions({ ...once, budget: { revalidations: 3 } })).toMatchObject({
      cache: { ttlMs: 60_000, maxEntries: 7 },
      budget: { reservedForKnownKeys: 20, revalidations: 3 },
    });
  });

  it('reports a group that is not an object, an unknown option, and a missing variable of a given group', () => {
    const resolve = (given: object) => (): unknown => resolveOptions({ ...environment(), ...given });
    expect(resolve({ cache: 5 })).toThrow(/cache must be an object/);
    expect(resolve({ cache: { ttl: 5 } })).toThrow(/cache\.ttl is not an option/);
    delete process.env.COINFLOW_WEBHOOK_VALIDATION_KEY;
    expect(() => resolveOptions({ ...coinflowAuthConfig(), webhook: {} as never })).toThrow(
      /webhook\.keys .*COINFLOW_WEBHOOK_VALIDATION_KEY/,
    );
  });
});
