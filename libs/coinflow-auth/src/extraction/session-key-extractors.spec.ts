import { describe, expect, it } from '@jest/globals';
import { extractSessionKey, type RequestWithHeaders, type SessionKeyExtractor } from './session-key-extractor.js';
import { SessionKeyExtractors } from './session-key-extractors.js';

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
  ])('%j -> %j', (value, key) => {
    expect(extract(fromHeader(), { 'x-coinflow-auth-session-key': value })).toBe(key);
  });

  it.each<[string | string[]]>([['a, b'], ['a,b'], ['a,'], [['a', 'b']], [['a', '']]])('%j is refused', (value) => {
    expect(() => extract(fromHeader(), { 'x-coinflow-auth-session-key': value })).toThrow(TWO_KEYS);
  });

  it('takes another name', () => {
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
  ])('%j -> %j', (authorization, key) => {
    expect(extract(fromBearer(), { authorization })).toBe(key);
  });

  it('sees the second header, which Node drops', () => {
    const headersDistinct = { authorization: ['Bearer a', 'Bearer b'] };
    const headers = { authorization: 'Bearer a' };
    expect(() => extractSessionKey(fromBearer(), { headers, headersDistinct } as RequestWithHeaders)).toThrow(TWO_KEYS);
    expect(() => extractSessionKey(fromBearer(), { headers, raw: { headersDistinct } })).toThrow(TWO_KEYS);
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
  ])('%j -> %j', (cookie, key) => {
    expect(extract(fromCookie('session'), { cookie })).toBe(key);
  });

  it('two cookies of one name are refused if they differ', () => {
    expect(() => extract(fromCookie('session'), { cookie: 'session=a; session=b' })).toThrow(TWO_KEYS);
  });

  const cookie = 'session=key';

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
    ['POST', 'same-origin', { host: 'shop.example' }, true],
    [
      'POST',
      'same-origin',
      { origin: 'https://shop.example', host: 'shop.example', 'sec-fetch-site': 'cross-site' },
      false,
    ],
  ])('%s with csrf %s and %j: allowed is %s', (method, csrf, headers, allowed) => {
    const attempt = (): unknown => extract(fromCookie('session', { csrf }), { cookie, ...headers }, method);
    if (allowed) expect(attempt()).toBe('key');
    else expect(attempt).toThrow(CROSS_SITE);
  });
});

describe('firstOf', () => {
  const anywhere = firstOf(fromHeader(), fromBearer(), fromCookie('session'));
  const crossSite = { 'sec-fetch-site': 'cross-site' };

  it('takes the one there is', () => {
    expect(extract(anywhere, { 'x-coinflow-auth-session-key': 'key' })).toBe('key');
    expect(extract(anywhere, { authorization: 'Bearer key' })).toBe('key');
    expect(extract(anywhere, { cookie: 'session=key' })).toBe('key');
    expect(extract(anywhere, {})).toBeUndefined();
  });

  it('refuses two different ones, wherever they stand', () => {
    expect(() => extract(anywhere, { 'x-coinflow-auth-session-key': 'a', cookie: 'session=b' })).toThrow(TWO_KEYS);
    expect(() => extract(anywhere, { authorization: 'Bearer a', cookie: 'session=b' })).toThrow(TWO_KEYS);
  });

  it('a key that also stands where no other site can put it is not of another site', () => {
    const headers = { 'x-coinflow-auth-session-key': 'key', cookie: 'session=key', ...crossSite };
    expect(extract(anywhere, headers, 'POST')).toBe('key');
    expect(() => extract(anywhere, { cookie: 'session=key', ...crossSite }, 'POST')).toThrow(CROSS_SITE);
  });

  it('the order of the places does not decide whether a key of another site is accepted', () => {
    const cookieFirst = firstOf(fromCookie('session'), fromHeader());
    const headers = { 'x-coinflow-auth-session-key': 'key', cookie: 'session=key', ...crossSite };
    expect(extract(cookieFirst, headers, 'POST')).toBe('key');
    expect(() => extract(cookieFirst, { cookie: 'session=key', ...crossSite }, 'POST')).toThrow(CROSS_SITE);
  });

  it('asks for the schemes of all', () => {
    expect(anywhere.schemes).toEqual(['CoinflowSession', 'Bearer']);
    expect(fromBearer().schemes).toEqual(['Bearer']);
  });
});
