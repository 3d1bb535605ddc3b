import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CoinflowInvalidArgumentError } from '../errors/coinflow-auth.errors.js';
import { buildBody, buildHeaders, buildPath, checkTemplate, valuesIn } from './call-request.js';
import { documentedOperations } from './operations.js';

const TOKEN = '/customer/card/{cardToken}';
const pathWith = (cardToken: unknown): string => buildPath(TOKEN, { params: { cardToken } }, 'ours');
const refusalOf = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    if (error instanceof CoinflowInvalidArgumentError) return error.message;
    throw error;
  }
  throw new Error('It was accepted');
};

describe('checkTemplate', () => {
  it('accepts the path of every documented operation', () => {
    const paths = [...documentedOperations()].map(([name]) => name.split(' ')[1]);
    expect(paths).toHaveLength(174);
    expect(paths.map(checkTemplate)).toEqual(paths);
  });

  it.each([
    undefined,
    null,
    5,
    ['/merchant'],
    '',
    '/',
    'merchant',
    '//merchant',
    '/merchant/',
    '/merchant//v2',
    '/merchant/.',
    '/merchant/..',
    '/merchant/../auth/verify',
    '/merchant/%2e%2e/auth/verify',
    '/merchant?limit=1',
    '/merchant#v2',
    '/merchant/{id',
    '/merchant/{}',
    '/merchant/a{id}',
    '/merchant/{a}{b}',
    '/merchant/\n',
    '/merchant/v2\n',
    '/merchant\\v2',
    '/mérchant',
    '/{section}/verify',
    'https://example.com/merchant',
  ])('rejects %p, which is no template of an operation', (path) => {
    expect(refusalOf(() => checkTemplate(path))).toContain('must be a path template');
  });

  it.each([
    ['/auth', 'CoinflowAuthService'],
    ['/auth/verify', 'CoinflowAuthService'],
    ['/Auth/verify', 'CoinflowAuthService'],
    ['/tokenize', 'card vault'],
    ['/tokenize/{id}', 'card vault'],
    ['/api/merchant', 'leave out "/api"'],
    ['/API/merchant', 'leave out "/api"'],
  ])('rejects %s and says what to do', (path, advice) => {
    expect(refusalOf(() => checkTemplate(path))).toContain(advice);
  });

  it.each(['/authors', '/tokenizers', '/apis/{id}'])('accepts %s, which only begins like a rejected path', (path) => {
    expect(checkTemplate(path)).toBe(path);
  });
});

describe('buildPath', () => {
  it('fills merchantId from the options, and lets params override it', () => {
    const template = '/subscription/{merchantId}/plans/{code}';
    expect(buildPath(template, { params: { code: 'a' } }, 'ours')).toBe('/api/subscription/ours/plans/a');
    const both = { params: { code: 'a', merchantId: 'theirs' } };
    expect(buildPath(template, both, 'ours')).toBe('/api/subscription/theirs/plans/a');
    expect(refusalOf(() => buildPath(template, { params: { code: 'a', merchantId: undefined } }, 'ours'))).toContain(
      'params.merchantId must be a string',
    );
  });

  it.each([
    ['a b', 'a%20b'],
    ['ü', '%C3%BC'],
    ['😀', '%F0%9F%98%80'],
    ['a?b=c#d&e', 'a%3Fb%3Dc%23d%26e'],
    ['a;b', 'a%3Bb'],
    ['100%', '100%25'],
    ['50% off', '50%25%20off'],
    ['a.b', 'a.b'],
    ['...', '...'],
    ['.a', '.a'],
    ['a..', 'a..'],
    ['{merchantId}', '%7BmerchantId%7D'],
    ['$&', '%24%26'],
    [7, '7'],
    [0, '0'],
    [1e21, '1e%2B21'],
  ])('encodes the parameter %p', (value, encoded) => {
    expect(pathWith(value)).toBe(`/api/customer/card/${encoded}`);
  });

  it.each([
    '/',
    'a/b',
    '../merchant',
    '\\',
    'a\\b',
    '.',
    '..',
    '..;',
    '..;a',
    '.;',
    '%2f',
    '%2F',
    'a%2fb',
    '%5c',
    '%5C',
    '%2e',
    '%2E%2e',
    '%252f',
    '%25252f',
    '%252e%252e',
    '%c0%af',
    '%e0%80%af',
    '%u002f',
    '%00',
    '%0d%0a',
    '%3f',
    'a%20b',
    '\u0000',
    'a\nb',
    'a\r\nHost: b',
    '\t',
    '\u007f',
    '\u0085',
    '\u009f',
  ])('rejects the parameter %p, which would leave the path', (value) => {
    const message = refusalOf(() => pathWith(value));
    expect(message).toMatch(/^params\.cardToken must not contain/);
    expect(message).not.toContain(value === '/' || value === '.' ? '//' : value);
  });

  it.each(['\ud800', 'a\udfff', '\udc00\ud800'])('rejects half of a surrogate pair: %p', (value) => {
    expect(refusalOf(() => pathWith(value))).toBe('params.cardToken must be valid Unicode');
    expect(refusalOf(() => buildPath('/merchant', { query: { a: value } }, 'ours'))).toBe(
      'query must be valid Unicode',
    );
  });

  it.each([undefined, null, '', NaN, Infinity, true, {}, [], ['a'], Symbol('a'), 5n, () => 'a'])(
    'rejects the parameter %p, which is neither a text nor a number',
    (value) => {
      expect(refusalOf(() => pathWith(value))).toContain('params.cardToken must be a string');
    },
  );

  it('rejects a missing parameter, an unknown one, and params that are no object', () => {
    expect(refusalOf(() => buildPath(TOKEN, {}, 'ours'))).toContain('params.cardToken must be a string');
    const unknown = { params: { cardToken: 'a', 'client\nchosen': 'b' } };
    expect(refusalOf(() => buildPath(TOKEN, unknown, 'ours'))).toBe('params must have only cardToken');
    expect(refusalOf(() => buildPath('/merchant', { params: { merchantId: 'a' } }, 'ours'))).toContain(
      'must be left out',
    );
    for (const params of ['a', ['a'], null, 5]) {
      expect(refusalOf(() => buildPath(TOKEN, { params: params as never }, 'ours'))).toBe('params must be an object');
      expect(refusalOf(() => buildPath('/a', { query: params as never }, 'ours'))).toBe('query must be an object');
    }
  });

  it.each([
    [{}, ''],
    [{ a: undefined }, ''],
    [{ a: [] }, ''],
    [{ a: '' }, '?a='],
    [{ a: 1, b: true, c: 'x' }, '?a=1&b=true&c=x'],
    [{ a: ['x', 'y', 1] }, '?a=x&a=y&a=1'],
    [{ 'a&b': 'c=d#?/..' }, '?a%26b=c%3Dd%23%3F%2F..'],
    [{ a: "it's" }, "?a=it's"],
    [{ a: '\r\n' }, '?a=%0D%0A'],
  ])('encodes the query %p', (query, expected) => {
    expect(buildPath('/merchant', { query }, 'ours')).toBe(`/api/merchant${expected}`);
  });

  it.each([null, {}, [null], [['a']], NaN, Infinity, 5n, Symbol('a'), new Date()])(
    'rejects the value %p in the query, without its name',
    (value) => {
      const message = refusalOf(() => buildPath('/merchant', { query: { 'client\nchosen': value } }, 'ours'));
      expect(message).toBe('query must have strings, numbers, booleans, and lists of them as its values');
    },
  );

  describe('on a server', () => {
    let url: string;
    let received: string | undefined;
    const server = createServer((request, response) => {
      received = request.url;
      response.end();
    });

    beforeAll(async () => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });

    afterAll(() => {
      server.closeAllConnections();
      server.close();
    });

    /** Decodes until nothing changes, as several servers in a row could. */
    const decoded = (text: string): string => {
      for (let before = text; ; before = text) {
        try {
          text = decodeURIComponent(before);
        } catch {
          return before;
        }
        if (text === before) return text;
      }
    };

    it('leads to the segments of the template for any accepted parameters', async () => {
      const pieces = fc.constantFrom(
        '%',
        '2',
        'f',
        'F',
        '5c',
        '2e',
        '25',
        'u002f',
        '.',
        '..',
        ';',
        '/',
        '\\',
        '?',
        '#',
        ' ',
        'a',
      );
      const nasty = fc.array(pieces, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));
      const value = fc.oneof(
        nasty,
        fc.string({ minLength: 1, unit: 'binary' }),
        fc.string({ minLength: 1 }),
        fc.double(),
      );
      let accepted = 0;
      const property = fc.asyncProperty(value, value, async (id, code) => {
        let path: string;
        try {
          path = buildPath('/a/{id}/b/{code}', { params: { id, code }, query: { id } }, 'ours');
        } catch (error) {
          expect(error).toBeInstanceOf(CoinflowInvalidArgumentError);
          return;
        }
        accepted += 1;
        await fetch(url + path);
        const [sent = ''] = (received ?? '').split('?');
        const segments = sent.split('/');
        expect(segments.map((segment) => decodeURIComponent(segment))).toEqual([
          '',
          'api',
          'a',
          String(id),
          'b',
          String(code),
        ]);
        expect(decoded(sent).split(/[/\\]/)).toHaveLength(6);
        expect(new URL(sent, url).pathname).toBe(sent);
      });
      await fc.assert(property, { numRuns: 500 });
      expect(accepted).toBeGreaterThan(50);
    });
  });
});

describe('buildHeaders', () => {
  it('sends a header for each given option, and no other', () => {
    expect(buildHeaders({})).toEqual({});
    expect(buildHeaders({ clientIp: undefined, deviceId: undefined, submerchantId: undefined })).toEqual({});
    expect(buildHeaders({ clientIp: '203.0.113.7', deviceId: 'device', submerchantId: 'sub' })).toEqual({
      'x-coinflow-client-ip': '203.0.113.7',
      'x-device-id': 'device',
      'x-coinflow-submerchant-id': 'sub',
    });
    expect(buildHeaders({ clientIp: '2001:db8::1', deviceId: 'd'.repeat(1_024) })).toMatchObject({
      'x-coinflow-client-ip': '2001:db8::1',
    });
  });

  it.each([
    null,
    '',
    'localhost',
    '1.2.3',
    '1.2.3.4, 5.6.7.8',
    '1.2.3.4\r\na: b',
    5,
    ['1.2.3.4'],
    { toString: () => '1.2.3.4' },
  ])('rejects %p as the address of the client', (clientIp) => {
    expect(refusalOf(() => buildHeaders({ clientIp: clientIp as string }))).toBe(
      'clientIp must be an IPv4 or IPv6 address',
    );
  });

  it.each([null, '', ' a', 'a\n', 'a\r\nb: c', 'é', 'x'.repeat(1_025), 5, ['a'], {}])(
    'rejects %p as the id of a device or sub-merchant',
    (value) => {
      expect(refusalOf(() => buildHeaders({ deviceId: value as string }))).toMatch(/^deviceId must be/);
      expect(refusalOf(() => buildHeaders({ submerchantId: value as string }))).toMatch(/^submerchantId must be/);
    },
  );
});

describe('buildBody', () => {
  it('returns the JSON of a body, and none for an undefined one', () => {
    expect(buildBody('POST', { a: 1, b: undefined })).toBe('{"a":1}');
    expect(buildBody('DELETE', null)).toBe('null');
    expect(buildBody('PUT', undefined)).toBeUndefined();
    expect(buildBody('GET', undefined)).toBeUndefined();
  });

  it('rejects a body for GET', () => {
    expect(refusalOf(() => buildBody('GET', {}))).toBe('body must not be given for GET');
  });

  const circular: { self?: unknown } = {};
  circular.self = circular;
  const throwing = {
    toJSON() {
      throw new Error('canary');
    },
  };
  it.each<[string, unknown]>([
    ['a function', () => 'a'],
    ['a symbol', Symbol('a')],
    ['a bigint', { a: 5n }],
    ['a circle', circular],
    ['a toJSON() that throws', throwing],
    ['a toJSON() without a result', { toJSON: () => undefined }],
  ])('rejects %s, which JSON cannot represent, without its content', (_, body) => {
    const message = refusalOf(() => buildBody('POST', body));
    expect(message).toBe('body must be a value that JSON can represent');
  });
});

describe('valuesIn', () => {
  it('lists the values of at least five characters at any depth, the longest ones first', () => {
    const content = { a: 'alice', b: ['alice@example.com', { c: '1234', d: 123_456, e: null, f: false }], alice: 'US' };
    expect(valuesIn([content, undefined])).toEqual(['alice@example.com', '123456', 'alice']);
  });

  it('reads a content of any size and depth', () => {
    const wide = Array.from({ length: 200_000 }, (_, index) => `value-${index}`);
    let deep: unknown = 'deepest';
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
    expect(valuesIn(wide)).toHaveLength(1_000);
    expect(valuesIn(deep)).toEqual(['deepest']);
  });
});
