import { describe, expect, it } from '@jest/globals';
import { extractSessionKey, type RequestWithHeaders, type SessionKeyExtractor } from './session-key-extractor.js';
import { SessionKeyExtractors } from './built-in-extractors.js';

const { fromHeader, fromBearer, fromCookie, firstOf } = SessionKeyExtractors;

const TWO_KEYS = expect.objectContaining({ code: 'COINFLOW_SESSION_KEY_MALFORMED', reason: 'two-keys' });
const CROSS_SITE = expect.objectContaining({ code: 'COINFLOW_CROSS_SITE' });

type Headers = RequestWithHeaders['headers'];

const extract = (extractor: SessionKeyExtractor, headers: Headers, method = 'GET'): string | undefined =>
  extractSessionKey(extractor, { headers, method });

describe('fromHeader', () => {
  it.each<[string | string[] | undefined, string | undefined]>([
    [undefined, undefined],
    ['', undefined],
    ['key', 'key'],
    ['key, key', 'key'],
    [['key', 'key'], 'key'],
    [['key'], 'key'],
    ['key,\u0009key', 'key'],
    [' key', 'key'],
    ['key\u0009', 'key'],
    [' ', undefined],
  ])('reads the header %j as the key %j', (value, key) => {
    expect(extract(fromHeader(), { 'x-coinflow-auth-session-key': value })).toBe(key);
  });

  it.each<[string | string[]]>([['a, b'], ['a,b'], ['a,'], ['a,\u00a0a'], [['a', 'b']], [['a', '']]])(
    'rejects the header %j, which has two different keys',
    (value) => {
      expect(() => extract(fromHeader(), { 'x-coinflow-auth-session-key': value })).toThrow(TWO_KEYS);
    },
  );

  it('rejects two different keys that the client sent, of which a middleware has kept one', () => {
    const headers = { 'x-coinflow-auth-session-key': 'a' };
    const rawHeaders = ['X-Coinflow-Auth-Session-Key', 'a', 'x-coinflow-auth-session-key', 'b'];
    expect(() => extractSessionKey(fromHeader(), { headers, raw: { rawHeaders } })).toThrow(TWO_KEYS);
    expect(extractSessionKey(fromHeader(), { headers, raw: { rawHeaders: rawHeaders.with(3, 'a') } })).toBe('a');
    expect(extractSessionKey(fromHeader(), { headers, raw: { rawHeaders: rawHeaders.slice(2) } })).toBe('a');
  });

  it('reads a header of another name', () => {
    expect(extract(fromHeader('X-Session'), { 'x-session': 'key' })).toBe('key');
  });
});

describe('fromBearer', () => {
  it.each([
    [undefined, undefined],
    ['Bearer key', 'key'],
    ['bearer   key  ', 'key'],
    ['Bearer two words', 'two words'],
    ['Bearer', undefined],
    ['Bearer ', undefined],
    ['Basic a2V5', undefined],
    ['Bearerkey', undefined],
    ['Bearer key\t', 'key'],
    ['Bearer key\u00a0', 'key\u00a0'],
    ['Bearer \u00a0key', '\u00a0key'],
  ])('reads Authorization: %j as the key %j', (authorization, key) => {
    expect(extract(fromBearer(), { authorization })).toBe(key);
  });

  const SESSION_KEY_AND_BASIC = ['Bearer a', 'Basic a2V5'];

  it.each([
    [['Bearer a', 'Bearer b']],
    [['Bearer a', 'Bearer b', 'Bearer a']],
    [SESSION_KEY_AND_BASIC],
    [[...SESSION_KEY_AND_BASIC].reverse()],
    [['', 'Bearer a']],
  ])('rejects the different Authorization headers %j, of which Node keeps the first', (values) => {
    const rawHeaders = values.flatMap((value) => ['Authorization', value]);
    const headers = { authorization: values[0] };
    expect(() => extractSessionKey(fromBearer(), { headers, rawHeaders } as RequestWithHeaders)).toThrow(TWO_KEYS);
    expect(() => extractSessionKey(fromBearer(), { headers, raw: { rawHeaders } })).toThrow(TWO_KEYS);
    expect(() => extract(fromBearer(), { authorization: values })).toThrow(TWO_KEYS);
    expect(extractSessionKey(fromBearer(), { headers: {}, raw: { rawHeaders } })).toBeUndefined();
  });

  it('reads the key that a middleware has set, although the client sent another one twice', () => {
    const raw = { rawHeaders: ['Authorization', 'Bearer a', 'authorization', 'Bearer a'] };
    expect(extractSessionKey(fromBearer(), { headers: { authorization: 'Bearer a' }, raw })).toBe('a');
    expect(extractSessionKey(fromBearer(), { headers: { authorization: 'Bearer b' }, raw })).toBe('b');
  });

  it('finds no session key in two Authorization headers of another scheme', () => {
    const rawHeaders = ['Authorization', 'Basic a', 'Authorization', 'Basic b'];
    expect(extractSessionKey(fromBearer(), { headers: { authorization: 'Basic a' }, raw: { rawHeaders } })).toBe(
      undefined,
    );
  });
});

describe('fromCookie', () => {
  it.each([
    [undefined, undefined],
    ['session=key', 'key'],
    ['a=1; session=key; b=2', 'key'],
    ['session="key"', 'key'],
    ['session=', undefined],
    ['xsession=key', undefined],
    ['session=key; session=key', 'key'],
    ['session=a=b', 'a=b'],
    ['a=1;\t session=key \t;b=2', 'key'],
    ['a=1;\u00a0session=key', undefined],
    ['session=key\u00a0', 'key\u00a0'],
  ])('reads the cookie header %j as the key %j', (cookie, key) => {
    expect(extract(fromCookie('session'), { cookie })).toBe(key);
  });

  it('rejects two different cookies of one name', () => {
    expect(() => extract(fromCookie('session'), { cookie: 'session=a; session=b' })).toThrow(TWO_KEYS);
  });

  it('reads the cookie as a middleware has set it, also if the browser sent each cookie in a header of its own', () => {
    const raw = { rawHeaders: ['cookie', 'theme=dark', 'cookie', 'session=key'] };
    const find = (cookie: string): string | undefined =>
      extractSessionKey(fromCookie('session'), { headers: { cookie }, raw });
    expect(find('theme=dark; session=key')).toBe('key');
    expect(find('theme=dark; session=other')).toBe('other');
    expect(find('theme=dark')).toBeUndefined();
  });

  const cookie = 'session=key';

  it('rejects a cross-site request also after a middleware has deleted or changed its headers', () => {
    const sent: [name: string, value: string, now: string | undefined][] = [
      ['Sec-Fetch-Site', 'cross-site', undefined],
      ['Sec-Fetch-Site', 'cross-site', 'same-origin'],
      ['Sec-Fetch-Site', 'same-origin', 'cross-site'],
      ['Origin', 'https://evil.example', undefined],
      ['Origin', 'https://evil.example', 'https://shop.example'],
      ['Origin', 'https://shop.example', 'https://evil.example'],
    ];
    expect.assertions(sent.length);
    for (const [name, value, now] of sent) {
      const headers = { host: 'shop.example', cookie, [name.toLowerCase()]: now };
      const raw = { rawHeaders: ['Host', 'shop.example', 'Cookie', cookie, name, value] };
      expect(() => extractSessionKey(fromCookie('session'), { method: 'POST', headers, raw })).toThrow(CROSS_SITE);
    }
  });

  it.each<[string, Partial<RequestWithHeaders>, boolean]>([
    ['a TLS connection', { socket: { encrypted: true } }, false],
    ['a proxy that the application trusts', { protocol: 'https' }, false],
    ['a plain connection', { protocol: 'http', socket: { remoteAddress: '203.0.113.7' } }, true],
  ])('accepts an http origin only if the request is not known to be https: %s', (_, request, allowed) => {
    const sent = { method: 'POST', headers: { cookie, host: 'shop.example', origin: 'http://shop.example' } };
    const attempt = (): unknown => extractSessionKey(fromCookie('session'), { ...sent, ...request });
    if (allowed) expect(attempt()).toBe('key');
    else expect(attempt).toThrow(CROSS_SITE);
  });

  it('does not read a cookie with 0xA0 before its name as one with the prefix __Host-', () => {
    const forged = '\u00a0__Host-session=forged';
    expect(extract(fromCookie('__Host-session'), { cookie: forged })).toBeUndefined();
    expect(extract(fromCookie('__Host-session'), { cookie: `__Host-session=key; ${forged}` })).toBe('key');
  });

  it.each<[string, Headers, boolean]>([
    ['websocket', { 'sec-fetch-site': 'cross-site' }, false],
    ['WebSocket', { host: 'shop.example', origin: 'https://evil.example' }, false],
    ['h2c, websocket/13', { 'sec-fetch-site': 'cross-site' }, false],
    ['websocket', { 'sec-fetch-site': 'same-origin' }, true],
    ['websocket', { host: 'shop.example', origin: 'https://shop.example' }, true],
    ['h2c', { 'sec-fetch-site': 'cross-site' }, true],
  ])('treats a GET with Upgrade: %s as a request that changes something: %j', (upgrade, headers, allowed) => {
    const attempt = (): unknown => extract(fromCookie('session'), { cookie, upgrade, ...headers });
    if (allowed) expect(attempt()).toBe('key');
    else expect(attempt).toThrow(CROSS_SITE);
  });

  it('compares the origin with the host that the client sent, not with one that a middleware has set', () => {
    const request = (origin: string): RequestWithHeaders => ({
      method: 'POST',
      headers: { cookie, origin, host: 'internal.example' },
      raw: { rawHeaders: ['Host', 'shop.example', 'Origin', origin] },
    });
    expect(extractSessionKey(fromCookie('session'), request('https://shop.example'))).toBe('key');
    expect(() => extractSessionKey(fromCookie('session'), request('https://internal.example'))).toThrow(CROSS_SITE);
  });

  it('rejects two different values of Sec-Fetch-Site or Origin', () => {
    const post = (headers: Headers): unknown => extract(fromCookie('session'), { cookie, ...headers }, 'POST');
    expect(() => post({ 'sec-fetch-site': 'same-origin, cross-site' })).toThrow(CROSS_SITE);
    expect(() => post({ 'sec-fetch-site': ['same-origin', 'cross-site'] })).toThrow(CROSS_SITE);
    expect(() => post({ host: 'shop.example', origin: 'https://shop.example, https://evil.example' })).toThrow(
      CROSS_SITE,
    );
    expect(post({ 'sec-fetch-site': 'same-origin, same-origin' })).toBe('key');
  });

  it.each<[string, 'same-origin' | 'same-site' | 'off', Headers, boolean]>([
    ['POST', 'same-origin', { 'sec-fetch-site': 'same-origin' }, true],
    ['POST', 'same-origin', { 'sec-fetch-site': 'none' }, true],
    ['POST', 'same-origin', { 'sec-fetch-site': 'same-site' }, false],
    ['POST', 'same-origin', { 'sec-fetch-site': 'cross-site' }, false],
    ['POST', 'same-origin', { 'sec-fetch-site': 'something-new' }, false],
    ['POST', 'same-site', { 'sec-fetch-site': 'same-site' }, true],
    ['POST', 'same-site', { 'sec-fetch-site': 'cross-site' }, false],
    ['POST', 'off', { 'sec-fetch-site': 'cross-site' }, true],
    ['PUT', 'same-origin', { 'sec-fetch-site': 'cross-site' }, false],
    ['DELETE', 'same-origin', { 'sec-fetch-site': 'cross-site' }, false],
    ['get', 'same-origin', { 'sec-fetch-site': 'cross-site' }, false],
    ['GET', 'same-origin', { 'sec-fetch-site': 'cross-site' }, true],
    ['HEAD', 'same-origin', { 'sec-fetch-site': 'cross-site' }, true],
    ['OPTIONS', 'same-origin', { 'sec-fetch-site': 'cross-site' }, true],
    ['POST', 'same-origin', { origin: 'https://shop.example', host: 'shop.example' }, true],
    ['POST', 'same-origin', { origin: 'https://shop.example:8443', host: 'SHOP.example:8443' }, true],
    ['POST', 'same-origin', { origin: 'https://evil.example', host: 'shop.example' }, false],
    ['POST', 'same-origin', { origin: 'https://shop.example.evil.example', host: 'shop.example' }, false],
    ['POST', 'same-origin', { origin: 'null', host: 'shop.example' }, false],
    ['POST', 'same-origin', { origin: 'null' }, false],
    ['POST', 'same-origin', { origin: 'file://', host: '' }, false],
    ['POST', 'same-origin', { origin: 'https://shop.example' }, false],
    ['POST', 'same-origin', { host: 'shop.example' }, true],
    ['POST', 'same-origin', { origin: 'https://shop.example', ':authority': 'shop.example' }, true],
    ['POST', 'same-origin', { origin: 'https://shop.example', ':authority': 'evil.example' }, false],
    ['POST', 'same-origin', { origin: 'https://a.example', ':authority': 'a.example', host: 'b.example' }, false],
    ['POST', 'same-origin', { origin: 'https://b.example', ':authority': 'a.example', host: 'b.example' }, false],
    ['POST', 'same-origin', { origin: 'http://shop.example', host: 'shop.example' }, true],
    ['POST', 'same-origin', { origin: 'http://a.example', ':authority': 'a.example', ':scheme': 'http' }, true],
    ['POST', 'same-origin', { origin: 'http://a.example', ':authority': 'a.example', ':scheme': 'https' }, false],
    [
      'POST',
      'same-origin',
      { origin: 'https://shop.example', host: 'shop.example', 'sec-fetch-site': 'cross-site' },
      false,
    ],
  ])('checks a %s with csrf %s and %j: allowed is %s', (method, csrf, headers, allowed) => {
    const attempt = (): unknown => extract(fromCookie('session', { csrf }), { cookie, ...headers }, method);
    if (allowed) expect(attempt()).toBe('key');
    else expect(attempt).toThrow(CROSS_SITE);
  });
});

describe('firstOf', () => {
  const anywhere = firstOf(fromHeader(), fromBearer(), fromCookie('session'));
  const crossSite = { 'sec-fetch-site': 'cross-site' };

  it('reads the one key of the request', () => {
    expect(extract(anywhere, { 'x-coinflow-auth-session-key': 'key' })).toBe('key');
    expect(extract(anywhere, { authorization: 'Bearer key' })).toBe('key');
    expect(extract(anywhere, { cookie: 'session=key' })).toBe('key');
    expect(extract(anywhere, {})).toBeUndefined();
  });

  it('rejects two different keys in two places', () => {
    expect(() => extract(anywhere, { 'x-coinflow-auth-session-key': 'a', cookie: 'session=b' })).toThrow(TWO_KEYS);
    expect(() => extract(anywhere, { authorization: 'Bearer a', cookie: 'session=b' })).toThrow(TWO_KEYS);
  });

  it('accepts a cross-site request whose key is also in a header', () => {
    const headers = { 'x-coinflow-auth-session-key': 'key', cookie: 'session=key', ...crossSite };
    expect(extract(anywhere, headers, 'POST')).toBe('key');
    expect(() => extract(anywhere, { cookie: 'session=key', ...crossSite }, 'POST')).toThrow(CROSS_SITE);
  });

  it('accepts a cross-site request with the key in a header, whatever the order of the places', () => {
    const cookieFirst = firstOf(fromCookie('session'), fromHeader());
    const headers = { 'x-coinflow-auth-session-key': 'key', cookie: 'session=key', ...crossSite };
    expect(extract(cookieFirst, headers, 'POST')).toBe('key');
    expect(() => extract(cookieFirst, { cookie: 'session=key', ...crossSite }, 'POST')).toThrow(CROSS_SITE);
  });

  it('names the schemes of all places', () => {
    expect(anywhere.schemes).toEqual(['CoinflowSession', 'Bearer']);
    expect(fromBearer().schemes).toEqual(['Bearer']);
  });
});
