import { Agent } from 'node:http';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { SessionKeyExtractors } from '../extraction/session-key-extractors.js';
import type { CoinflowBudgetOptions, ResolvedBudgetOptions } from './budget-options.js';
import type { CoinflowAuthModuleOptions } from './coinflow-auth-options.js';
import { SharedStore } from '../../test-doubles/shared-store.js';
import { resolveOptions } from './resolve-options.js';

const OPTIONS: CoinflowAuthModuleOptions = { env: 'sandbox', apiKey: 'secret-api-key', merchantId: 'merchant' };
const VISIBLE_ASCII = 'must be 1 to 256 visible ASCII characters without leading or trailing whitespace';

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
  it('fills in the defaults', () => {
    const { apiKey, sealKeys, ...rest } = resolveOptions(OPTIONS);
    expect(apiKey()).toBe('secret-api-key');
    expect(sealKeys).toHaveLength(1);
    expect(rest).toEqual({
      env: 'sandbox',
      merchantId: 'merchant',
      baseUrl: 'https://api-sandbox.coinflow.cash',
      acceptUnboundKeys: false,
      extractor: expect.objectContaining({ schemes: ['CoinflowSession'] }),
      cache: { ttlMs: 3_600_000, staleIfErrorMs: 0, maxEntries: 100_000 },
      http: { timeoutMs: 5_000, retries: 2, agent: undefined },
      budget: {
        reservedForKnownKeys: 30,
        revalidations: 15,
        newKeys: 15,
        revalidationsPerSubject: 10,
        revalidationsPerClient: 10,
        knownKeysPerClient: 30,
        newKeysPerClient: 14,
        rejectionsPerClient: 10,
        walletLogins: 20,
        walletLoginsPerClient: 5,
        getClient: undefined,
      },
      webhook: undefined,
    });
  });

  it.each([
    ['sandbox', 'https://api-sandbox.coinflow.cash'],
    ['prod', 'https://api.coinflow.cash'],
    ['staging', 'https://api-staging.coinflow.cash'],
    ['staging-live', 'https://api-staging-live.coinflow.cash'],
    ['local', 'http://localhost:5000'],
  ] as const)('knows where %s is', (env, baseUrl) => {
    expect(resolveOptions({ ...OPTIONS, env }).baseUrl).toBe(baseUrl);
  });

  it('keeps what is given, the agent itself and no copy of it', () => {
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

  it('is frozen, and does not follow later changes of what was given', () => {
    const given = { ...OPTIONS };
    const resolved = resolveOptions(given);
    given.apiKey = 'another';
    expect(resolved.apiKey()).toBe('secret-api-key');
    expect([resolved, resolved.cache, resolved.http].every((one) => Object.isFrozen(one))).toBe(true);
  });

  it('takes options from an instance of a class', () => {
    class Options implements CoinflowAuthModuleOptions {
      readonly env = 'prod';
      readonly apiKey = 'key';
      readonly merchantId = 'merchant';
    }
    expect(resolveOptions(new Options())).toMatchObject({ env: 'prod', merchantId: 'merchant' });
  });

  it('names every mistake at once: option, rule, variable; never a value', () => {
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
      `  - apiKey ${VISIBLE_ASCII}, or a function that gives such a key (environment variable COINFLOW_API_KEY)`,
      `  - merchantId ${VISIBLE_ASCII} (environment variable COINFLOW_MERCHANT_ID)`,
      '  - baseUrl must not contain a user name or password (environment variable COINFLOW_BASE_URL)',
      '  - allowPlainHttp must be true or false',
      '  - acceptUnboundKeys must be true or false',
      '  - extractor must be one of SessionKeyExtractors, or have find(), schemes and optionally headers, a list of header names',
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

  it('says that an API key and a merchant ID must be strings', () => {
    const message = problems({ ...OPTIONS, apiKey: 42, merchantId: 42 });
    expect(message).toContain('apiKey must be a string, or a function that gives such a key');
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
    'takes the base URL %s',
    (baseUrl) => {
      expect(problems({ ...OPTIONS, baseUrl })).toBe('');
    },
  );

  it.each([0, 5])('http.retries may be %d', (retries) => {
    expect(resolveOptions({ ...OPTIONS, http: { retries } }).http.retries).toBe(retries);
  });

  it.each([-1, 6, 1.5, NaN, '2', true])('http.retries may not be %p', (retries) => {
    expect(problems({ ...OPTIONS, http: { retries } })).toContain('http.retries must be a whole number from 0 to 5');
  });

  it.each([[['X-Own']], [['*']], [undefined]])('an extractor may read the headers %j', (headers) => {
    const extractor = { schemes: ['CoinflowSession' as const], headers, find: () => [] };
    expect(resolveOptions({ ...OPTIONS, extractor }).extractor).toBe(extractor);
  });

  it.each([[[]], ['Cookie'], [['two words']], [['Cookie\r\nX: y']], [['']], [[5]], [null]])(
    'an extractor may not read the headers %j',
    (headers) => {
      const extractor = { schemes: ['CoinflowSession'], headers, find: () => [] };
      expect(problems({ ...OPTIONS, extractor })).toContain('extractor must be one of SessionKeyExtractors');
    },
  );

  it('the name of the header must be one', () => {
    const extractor = SessionKeyExtractors.fromHeader('x session');
    expect(problems({ ...OPTIONS, extractor })).toContain('extractor must be one of SessionKeyExtractors');
  });

  it.each([undefined, null, 'sandbox', [OPTIONS]])('%p are no options', (options) => {
    expect(problems(options)).toContain('the options must be an object');
  });

  it('nothing is an option but what is documented', () => {
    expect(problems({ ...OPTIONS, sealKey: 'x' })).toContain('sealKey is not an option of this version');
    expect(problems({ ...OPTIONS, cache: 5, http: null })).toContain('cache must be an object');
  });

  describe('a shared store', () => {
    const store = new SharedStore();
    const A = Buffer.alloc(32, 1).toString('base64');

    it('is the one that is given', () => {
      expect(resolveOptions({ ...OPTIONS, store }).store).toBe(store);
      expect(resolveOptions({ ...OPTIONS, env: 'prod', sealKeys: [A], store }).store).toBe(store);
    });

    it.each([{ env: 'prod' as const }, { env: 'sandbox' as const, apiKey: () => 'key' }])(
      'is sealed, so that it needs seal keys: %p',
      (options) => {
        const message = problems({ ...OPTIONS, ...options, store });
        expect(message).toContain('sealKeys must be given where store is (environment variable COINFLOW_SEAL_KEYS)');
        expect(problems({ ...OPTIONS, ...options, merchantId: '', store })).toMatch(/merchantId[^]*sealKeys/);
      },
    );

    it.each([5, 'redis://127.0.0.1', {}, { get: () => undefined }])('has three methods: %p has not', (wrong) => {
      expect(problems({ ...OPTIONS, store: wrong })).toContain(
        'store must be redisSharedStore(), a Keyv, or have the methods get, set and delete',
      );
    });

    it('has a time of its own, or none', () => {
      const inTime = (timeoutMs: unknown): object => Object.assign(new SharedStore(), { timeoutMs });
      for (const right of [1, 1_000, undefined]) expect(problems({ ...OPTIONS, store: inTime(right) })).toBe('');
      for (const wrong of [0, 1_001, 1.5, NaN, '50', null]) {
        expect(problems({ ...OPTIONS, store: inTime(wrong) })).toContain(
          'store must have no timeoutMs, or a whole number from 1 to 1000',
        );
      }
    });
  });

  describe('the budget', () => {
    const resolved = (budget: CoinflowBudgetOptions): ResolvedBudgetOptions =>
      resolveOptions({ ...OPTIONS, budget }).budget;

    it.each([
      [4, { reservedForKnownKeys: 2, revalidations: 1, newKeys: 1 }],
      [5, { reservedForKnownKeys: 2, revalidations: 1, newKeys: 2 }],
      [60, { reservedForKnownKeys: 30, revalidations: 15, newKeys: 15 }],
      [1_000, { reservedForKnownKeys: 500, revalidations: 250, newKeys: 250 }],
    ])('of %d is shared out, and nothing of it is lost', (verificationsPerMinute, shares) => {
      expect(resolved({ verificationsPerMinute })).toMatchObject(shares);
    });

    it('has the shares that are given', () => {
      expect(resolved({ reservedForKnownKeys: 0, revalidations: 59 })).toMatchObject({ newKeys: 1 });
      expect(resolved({ verificationsPerMinute: 100, revalidations: 1 })).toMatchObject({
        reservedForKnownKeys: 50,
        revalidations: 1,
        newKeys: 49,
      });
    });

    it.each([
      [60, { newKeysPerClient: 14, knownKeysPerClient: 30, revalidationsPerClient: 10 }],
      [1_000, { newKeysPerClient: 125, knownKeysPerClient: 500, revalidationsPerClient: 125 }],
    ])('of %d gives one client its part', (verificationsPerMinute, parts) => {
      expect(resolved({ verificationsPerMinute })).toMatchObject(parts);
    });

    it.each([
      [{ reservedForKnownKeys: 45 }],
      [{ revalidations: 30 }],
      [{ verificationsPerMinute: 20, reservedForKnownKeys: 10, revalidations: 10 }],
    ])('must leave something for new keys: %j', (budget) => {
      expect(problems({ ...OPTIONS, budget })).toContain(
        'must leave at least 1 of budget.verificationsPerMinute for session keys that are new',
      );
    });

    it.each([false, 0] as const)(
      'has no limit of rejections per client with rejectionsPerClient: %p',
      (rejectionsPerClient) => {
        expect(resolved({ rejectionsPerClient }).rejectionsPerClient).toBe(0);
      },
    );

    it('cannot be just anything', () => {
      const budget = {
        verificationsPerMinute: 3,
        reservedForKnownKeys: -1,
        revalidations: 0,
        revalidationsPerSubject: 1.5,
        rejectionsPerClient: true,
        getClient: 'ip',
        newKeysPerClient: 0,
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
        '  - budget.reservedForKnownKeys must be a whole number from 0 to 10000000',
        '  - budget.revalidations must be a whole number from 1 to 10000000',
        '  - budget.revalidationsPerSubject must be a whole number from 1 to 10000000',
        '  - budget.newKeysPerClient must be a whole number from 1 to 10000000, or false',
        '  - budget.rejectionsPerClient must be a whole number from 0 to 10000000, or false',
        '  - budget.walletLogins must be a whole number from 1 to 10000000',
        '  - budget.walletLoginsPerClient must be a whole number from 1 to 10000000',
        '  - budget.getClient must be a function that says which client a request is from',
      ]);
      expect(problems({ ...OPTIONS, budget: 5 })).toContain('budget must be an object');
    });
  });

  describe('the seal keys', () => {
    const A = Buffer.alloc(32, 1).toString('base64');
    const B = Buffer.alloc(32, 2).toString('base64');
    const resolved = (options: Partial<CoinflowAuthModuleOptions>): string[] =>
      resolveOptions({ ...OPTIONS, ...options }).sealKeys.map((key) => key.export().toString('base64'));

    it('are the given ones, newest first', () => {
      expect(resolved({ env: 'prod', sealKeys: [A, B] })).toEqual([A, B]);
      expect(resolved({ env: 'sandbox', sealKeys: [A] })).toEqual([A]);
    });

    it.each([
      ['sandbox', 1],
      ['local', 1],
      ['staging', 0],
      ['staging-live', 0],
      ['prod', 0],
    ] as const)('in %s the API key stands in for them: %d', (env, count) => {
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
    ])('cannot be %j, and no value is told', (sealKeys) => {
      const message = problems({ ...OPTIONS, sealKeys });
      expect(message).toContain('sealKeys must be a list of one or more secrets, each 32 random bytes in base64');
      expect(message).toContain('(environment variable COINFLOW_SEAL_KEYS)');
      for (const key of [sealKeys].flat()) if (key) expect(message).not.toContain(` ${key}`);
    });

    it('show in no inspection', () => {
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
  ])('baseUrl %s', (baseUrl, problem) => {
    const message = problems({ ...OPTIONS, baseUrl });
    if (problem) expect(message).toContain(`baseUrl ${problem}`);
    else expect(message).toBe('');
  });

  it('plain HTTP beyond this machine only when the user says so', () => {
    expect(problems({ ...OPTIONS, baseUrl: 'http://coinflow.internal', allowPlainHttp: true })).toBe('');
  });
});
