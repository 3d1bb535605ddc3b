import { Agent } from 'node:http';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { SessionKeyExtractors } from '../extraction/built-in-extractors.js';
import type { CoinflowBudgetOptions, CoinflowAuthModuleOptions } from './coinflow-auth-options.js';
import { type ResolvedBudgetOptions, resolveOptions } from './resolve-options.js';
import { SharedStore } from '../../test-doubles/shared-store.js';
import { HEADER_VALUE_RULE } from '../util/header-value.js';

const OPTIONS: CoinflowAuthModuleOptions = { env: 'sandbox', apiKey: 'secret-api-key', merchantId: 'merchant' };
const VISIBLE_ASCII = HEADER_VALUE_RULE;

function problems(options: unknown): string {
  try {
    resolveOptions(options as CoinflowAuthModuleOptions);
  } catch (error) {
    expect(error).toMatchObject({ code: 'COINFLOW_MISCONFIGURED', reason: 'invalid-options' });
    return (error as Error).message;
  }
  return '';
}

describe('resolveOptions', () => {
  it('fills in the defaults of all options', () => {
    const { apiKey, sealKeys, ...rest } = resolveOptions(OPTIONS);
    expect(apiKey()).toBe('secret-api-key');
    expect(sealKeys).toHaveLength(1);
    expect(rest).toEqual({
      env: 'sandbox',
      merchantId: 'merchant',
      baseUrl: 'https://api-sandbox.coinflow.cash',
      allowPlainHttp: false,
      acceptUnboundKeys: false,
      extractor: expect.objectContaining({ schemes: ['CoinflowSession'] }),
      loadUser: undefined,
      routeAudit: 'off',
      asyncContext: false,
      contexts: {},
      cache: { ttlMs: 3_600_000, staleIfErrorMs: 0, maxEntries: 100_000 },
      http: { timeoutMs: 5_000, retries: 2, agent: undefined },
      budget: {
        verificationsPerMinute: 60,
        reservedForKnownKeys: 30,
        revalidations: 15,
        newKeys: 15,
        callsPerSubject: 10,
        revalidationsPerClient: 10,
        knownKeysPerClient: 30,
        newKeysPerClient: 14,
        rejectionsPerClient: 10,
        walletLogins: 20,
        walletLoginsPerClient: 5,
        getClient: undefined,
        apiCalls: 20,
        apiCallsPerUser: 10,
      },
      api: { callsPerMinute: 20, timeoutMs: 30_000, strict: false },
      webhook: undefined,
    });
  });

  it.each([
    ['sandbox', 'https://api-sandbox.coinflow.cash'],
    ['prod', 'https://api.coinflow.cash'],
    ['staging', 'https://api-staging.coinflow.cash'],
    ['staging-live', 'https://api-staging-live.coinflow.cash'],
    ['local', 'http://localhost:5000'],
  ] as const)('knows the base URL of %s', (env, baseUrl) => {
    expect(resolveOptions({ ...OPTIONS, env }).baseUrl).toBe(baseUrl);
  });

  it('keeps the given options and passes the agent on without a copy', () => {
    const agent = new Agent();
    const given = { ...OPTIONS, baseUrl: 'http://127.0.0.1:4010/prefix//', cache: { ttlMs: 5 }, http: { agent } };
    const resolved = resolveOptions(given);
    expect(resolved).toMatchObject({
      baseUrl: 'http://127.0.0.1:4010/prefix',
      cache: { ttlMs: 5, maxEntries: 100_000 },
    });
    expect(resolved.http.agent).toBe(agent);
    expect(given).toEqual({
      ...OPTIONS,
      baseUrl: 'http://127.0.0.1:4010/prefix//',
      cache: { ttlMs: 5 },
      http: { agent },
    });
  });

  it('returns frozen options that do not follow later changes of the given ones', () => {
    const given = { ...OPTIONS };
    const resolved = resolveOptions(given);
    given.apiKey = 'another';
    expect(resolved.apiKey()).toBe('secret-api-key');
    expect([resolved, resolved.cache, resolved.http].every((one) => Object.isFrozen(one))).toBe(true);
  });

  it('accepts an instance of a class as options', () => {
    class Options implements CoinflowAuthModuleOptions {
      readonly env = 'prod';
      readonly apiKey = 'key';
      readonly merchantId = 'merchant';
    }
    expect(resolveOptions(new Options())).toMatchObject({ env: 'prod', merchantId: 'merchant' });
  });

  it('reports every mistake at once, with option, rule and environment variable, and without a value', () => {
    const message = problems({
      env: 'production',
      apiKey: ' secret-api-key',
      merchantId: '',
      baseUrl: 'http://user:secret-api-key@example.com',
      allowPlainHttp: 'yes',
      acceptUnboundKeys: 1,
      extractor: 'cookie',
      cache: { ttlMs: NaN, staleIfErrorMs: -1, maxEntries: 0, ttl: 5 },
      http: { timeoutMs: -1, retries: 6, agent: {} },
      apikey: 'secret-api-key',
    });
    expect(message.split('\n')).toEqual([
      'CoinflowAuthModule cannot start with these options:',
      '  - apikey is not an option of this version',
      '  - env must be one of sandbox, prod, staging, staging-live, local (environment variable COINFLOW_ENV)',
      `  - apiKey ${VISIBLE_ASCII}, or a function that returns such a key (environment variable COINFLOW_API_KEY)`,
      `  - merchantId ${VISIBLE_ASCII} (environment variable COINFLOW_MERCHANT_ID)`,
      '  - baseUrl must not contain a user name or password (environment variable COINFLOW_BASE_URL)',
      '  - allowPlainHttp must be true or false',
      '  - acceptUnboundKeys must be true or false',
      '  - extractor must be one of SessionKeyExtractors, or an object with find(), schemes and optionally headers, a list of header names',
      '  - cache.ttl is not an option of this version',
      '  - cache.ttlMs must be a whole number from 1 to 86400000 (environment variable COINFLOW_CACHE_TTL_MS)',
      '  - cache.staleIfErrorMs must be a whole number from 0 to 86400000 (environment variable COINFLOW_STALE_IF_ERROR_MS)',
      '  - cache.maxEntries must be a whole number from 1 to 10000000',
      '  - http.timeoutMs must be a whole number from 1 to 60000',
      '  - http.retries must be a whole number from 0 to 5',
      '  - http.agent must be an http.Agent or https.Agent',
    ]);
  });

  it.each(['Bearer secret-api-key', 'bearer secret-api-key'])(
    'rejects an API key with the scheme before it: %s',
    (apiKey) => {
      const message = problems({ ...OPTIONS, apiKey });
      expect(message).toContain('apiKey must be the API key alone, without "Bearer " before it');
      expect(message).toContain('(environment variable COINFLOW_API_KEY)');
      expect(message).not.toContain('secret-api-key');
    },
  );

  it('rejects an API key and a merchant id that are not strings', () => {
    const message = problems({ ...OPTIONS, apiKey: 42, merchantId: 42 });
    expect(message).toContain('apiKey must be a string, or a function that returns such a key');
    expect(message).toContain('merchantId must be a string (environment variable COINFLOW_MERCHANT_ID)');
  });

  it.each(['https://api.coinflow.cash/api', 'https://api.coinflow.cash/api//', 'https://proxy.example/coinflow/api/'])(
    'rejects a base URL that ends in /api: %s',
    (baseUrl) => {
      expect(problems({ ...OPTIONS, baseUrl })).toContain(
        'baseUrl must not end in /api: the module adds that itself (environment variable COINFLOW_BASE_URL)',
      );
    },
  );

  it.each(['https://proxy.example/my-api', 'https://proxy.example/api/coinflow'])(
    'accepts the base URL %s',
    (baseUrl) => {
      expect(problems({ ...OPTIONS, baseUrl })).toBe('');
    },
  );

  it.each([0, 5])('accepts %d as http.retries', (retries) => {
    expect(resolveOptions({ ...OPTIONS, http: { retries } }).http.retries).toBe(retries);
  });

  it.each([-1, 6, 1.5, NaN, '2', true])('rejects %p as http.retries', (retries) => {
    expect(problems({ ...OPTIONS, http: { retries } })).toContain('http.retries must be a whole number from 0 to 5');
  });

  it.each([[['X-Own']], [['*']], [undefined]])('accepts an extractor that reads the headers %j', (headers) => {
    const extractor = { schemes: ['CoinflowSession' as const], headers, find: () => [] };
    expect(resolveOptions({ ...OPTIONS, extractor }).extractor).toBe(extractor);
  });

  it.each([[[]], ['Cookie'], [['two words']], [['Cookie\r\nX: y']], [['']], [[5]], [null]])(
    'rejects an extractor that reads the headers %j',
    (headers) => {
      const extractor = { schemes: ['CoinflowSession'], headers, find: () => [] };
      expect(problems({ ...OPTIONS, extractor })).toContain('extractor must be one of SessionKeyExtractors');
    },
  );

  const adapter = { find: () => ({ request: { headers: {} } }), toException: (error: unknown) => error };

  it('accepts adapters of contexts, and skipped contexts', () => {
    const contexts = { ws: adapter, rmq: 'skip' as const };
    expect(resolveOptions({ ...OPTIONS, contexts }).contexts).toBe(contexts);
    expect(resolveOptions(OPTIONS).contexts).toEqual({});
  });

  it.each<[unknown]>([
    [{ http: adapter }],
    [{ http: 'skip' }],
    [{ ws: 'allow' }],
    [{ ws: true }],
    [{ ws: undefined }],
    [{ ws: { find: () => undefined } }],
    [{ ws: { toException: () => undefined } }],
    [[adapter]],
    ['skip'],
  ])('rejects the contexts %j', (contexts) => {
    expect(problems({ ...OPTIONS, contexts })).toContain('contexts must be an object of adapters');
  });

  it('rejects an extractor whose header name is invalid', () => {
    const extractor = SessionKeyExtractors.fromHeader('x session');
    expect(problems({ ...OPTIONS, extractor })).toContain('extractor must be one of SessionKeyExtractors');
  });

  it.each([undefined, null, 'sandbox', [OPTIONS]])('rejects %p instead of options', (options) => {
    expect(problems(options)).toContain('the options must be an object');
  });

  it('rejects an unknown option, and a group that is not an object', () => {
    expect(problems({ ...OPTIONS, sealKey: 'x' })).toContain('sealKey is not an option of this version');
    expect(problems({ ...OPTIONS, cache: 5, http: null })).toContain('cache must be an object');
  });

  describe('option store', () => {
    const store = new SharedStore();
    const A = Buffer.alloc(32, 1).toString('base64');

    it('passes the given store on', () => {
      expect(resolveOptions({ ...OPTIONS, store }).store).toBe(store);
      expect(resolveOptions({ ...OPTIONS, env: 'prod', sealKeys: [A], store }).store).toBe(store);
    });

    it.each([{ env: 'prod' as const }, { env: 'sandbox' as const, apiKey: () => 'key' }])(
      'requires sealKeys with a store: %p',
      (options) => {
        const message = problems({ ...OPTIONS, ...options, store });
        expect(message).toContain('sealKeys is required when store is set (environment variable COINFLOW_SEAL_KEYS)');
        expect(problems({ ...OPTIONS, ...options, merchantId: '', store })).toMatch(/merchantId[^]*sealKeys/);
      },
    );

    it.each([5, 'redis://127.0.0.1', {}, { get: () => undefined }])(
      'rejects %p as store, which does not have the three methods',
      (wrong) => {
        expect(problems({ ...OPTIONS, store: wrong })).toContain(
          'store must be redisSharedStore(), a Keyv, or an object with the methods get, set and delete',
        );
      },
    );

    it('accepts a store without timeoutMs, or with one from 1 to 1000', () => {
      const inTime = (timeoutMs: unknown): object => Object.assign(new SharedStore(), { timeoutMs });
      for (const right of [1, 1_000, undefined]) expect(problems({ ...OPTIONS, store: inTime(right) })).toBe('');
      for (const wrong of [0, 1_001, 1.5, NaN, '50', null]) {
        expect(problems({ ...OPTIONS, store: inTime(wrong) })).toContain(
          'store must have no timeoutMs, or a whole number from 1 to 1000',
        );
      }
    });
  });

  describe('option budget', () => {
    const resolved = (budget: CoinflowBudgetOptions): ResolvedBudgetOptions =>
      resolveOptions({ ...OPTIONS, budget }).budget;

    it.each([
      [4, { reservedForKnownKeys: 2, revalidations: 1, newKeys: 1 }],
      [5, { reservedForKnownKeys: 2, revalidations: 1, newKeys: 2 }],
      [60, { reservedForKnownKeys: 30, revalidations: 15, newKeys: 15 }],
      [1_000, { reservedForKnownKeys: 500, revalidations: 250, newKeys: 250 }],
    ])('divides %d calls completely', (verificationsPerMinute, shares) => {
      expect(resolved({ verificationsPerMinute })).toMatchObject(shares);
    });

    it('gives new keys what is neither reserved nor for revalidations', () => {
      expect(resolved({ revalidations: 29 })).toMatchObject({ newKeys: 1 });
      expect(resolved({ verificationsPerMinute: 100, revalidations: 1 })).toMatchObject({
        reservedForKnownKeys: 50,
        revalidations: 1,
        newKeys: 49,
      });
    });

    it.each([
      [60, { newKeysPerClient: 14, knownKeysPerClient: 30, revalidationsPerClient: 10 }],
      [1_000, { newKeysPerClient: 125, knownKeysPerClient: 500, revalidationsPerClient: 125 }],
    ])('limits what one client gets of %d calls', (verificationsPerMinute, parts) => {
      expect(resolved({ verificationsPerMinute })).toMatchObject(parts);
    });

    it.each([
      [{ revalidations: 30 }],
      [{ revalidations: 100 }],
      [{ verificationsPerMinute: 20, revalidations: 10 }],
      [{ verificationsPerMinute: null, revalidations: 30 }],
    ])('requires that the budget leaves a call for new keys: %j', (budget) => {
      expect(
        problems({ ...OPTIONS, budget, merchantId: '' })
          .split('\n')
          .slice(2),
      ).toEqual([
        '  - budget.revalidations must be less than half of budget.verificationsPerMinute: the other half is for known keys,' +
          ' and at least 1 call must be left for new keys',
      ]);
    });

    it('reports only verificationsPerMinute when it is invalid and revalidations is valid', () => {
      const budget = { verificationsPerMinute: 3, revalidations: 30 };
      expect(problems({ ...OPTIONS, budget }).split('\n')).toEqual([
        expect.anything(),
        expect.stringContaining('budget.verificationsPerMinute must be a whole number from 4'),
      ]);
    });

    it('keeps a limit per client of 0, which means no limit', () => {
      const limits = { rejectionsPerClient: 0, newKeysPerClient: 0 };
      expect(resolved(limits)).toMatchObject(limits);
    });

    it('rejects invalid options of the budget', () => {
      const budget = {
        verificationsPerMinute: 3,
        revalidations: 0,
        rejectionsPerClient: true,
        getClient: 'ip',
        newKeysPerClient: false,
        walletLogins: 0,
        walletLoginsPerClient: false,
        perMinute: 5,
      };
      expect(
        problems({ ...OPTIONS, budget })
          .split('\n')
          .slice(1),
      ).toEqual([
        '  - budget.perMinute is not an option of this version',
        '  - budget.verificationsPerMinute must be a whole number from 4 to 10000000 (environment variable COINFLOW_VERIFICATIONS_PER_MINUTE)',
        '  - budget.revalidations must be a whole number from 1 to 10000000',
        '  - budget.newKeysPerClient must be a whole number from 0 to 10000000',
        '  - budget.rejectionsPerClient must be a whole number from 0 to 10000000',
        '  - budget.walletLogins must be a whole number from 1 to 10000000',
        '  - budget.walletLoginsPerClient must be a whole number from 1 to 10000000',
        '  - budget.getClient must be a function',
      ]);
      expect(problems({ ...OPTIONS, budget: 5 })).toContain('budget must be an object');
    });
  });

  describe('option sealKeys', () => {
    const A = Buffer.alloc(32, 1).toString('base64');
    const B = Buffer.alloc(32, 2).toString('base64');
    const resolved = (options: Partial<CoinflowAuthModuleOptions>): string[] =>
      resolveOptions({ ...OPTIONS, ...options }).sealKeys.map((key) => key.export().toString('base64'));

    it('keeps the order of the given seal keys', () => {
      expect(resolved({ env: 'prod', sealKeys: [A, B] })).toEqual([A, B]);
      expect(resolved({ env: 'sandbox', sealKeys: [A] })).toEqual([A]);
    });

    it.each([
      ['sandbox', 1],
      ['local', 1],
      ['staging', 0],
      ['staging-live', 0],
      ['prod', 0],
    ] as const)('derives seal keys from the API key in sandbox and local only: %s', (env, count) => {
      expect(resolved({ env })).toHaveLength(count);
      expect(resolved({ env, apiKey: () => 'key' })).toHaveLength(0);
    });

    it.each([
      [[]],
      [A],
      [[A, '']],
      [[5]],
      [[Buffer.alloc(31).toString('base64')]],
      [[Buffer.alloc(33).toString('base64')]],
      [[A.replace('=', '')]],
      [[` ${A}`]],
      [[Buffer.alloc(32, 255).toString('base64url')]],
    ])('rejects %j as sealKeys without naming the value', (sealKeys) => {
      const message = problems({ ...OPTIONS, sealKeys });
      expect(message).toContain('sealKeys must be a list of one or more secrets, each 32 random bytes in base64');
      expect(message).toContain('(environment variable COINFLOW_SEAL_KEYS)');
      for (const key of [sealKeys].flat()) if (key) expect(message).not.toContain(` ${key}`);
    });

    it('does not show the seal keys in an inspection', () => {
      expect(inspect(resolveOptions({ ...OPTIONS, sealKeys: [A] }), { depth: 9, showHidden: true })).not.toContain(A);
    });
  });

  it.each([
    ['https://coinflow.example.com', ''],
    ['http://127.0.0.1:4010', ''],
    ['http://127.8.9.1', ''],
    ['http://localhost:4010', ''],
    ['http://api.localhost', ''],
    ['http://[::1]:4010', ''],
    ['http://coinflow.example.com', 'must begin with https://'],
    ['http://127.0.0.1.example.com', 'must begin with https://'],
    ['http://localhost.example.com', 'must begin with https://'],
    ['http://0.0.0.0', 'must begin with https://'],
    ['ftp://127.0.0.1', 'must begin with https://'],
    ['127.0.0.1:4010', 'must'],
    ['/api', 'must be an absolute URL'],
    ['https://example.com/?a=b', 'must not contain a query'],
    ['https://example.com/#a', 'must not contain a query or a fragment'],
    [5, 'must be an absolute URL'],
  ])('accepts or rejects baseUrl %s', (baseUrl, problem) => {
    const message = problems({ ...OPTIONS, baseUrl });
    if (problem) expect(message).toContain(`baseUrl ${problem}`);
    else expect(message).toBe('');
  });

  it('accepts plain HTTP for another machine with allowPlainHttp', () => {
    expect(problems({ ...OPTIONS, baseUrl: 'http://coinflow.internal', allowPlainHttp: true })).toBe('');
  });
});
