import { describe, expect, it } from '@jest/globals';
import { readTrustProxy } from './trust-proxy.js';

describe('readTrustProxy', () => {
  it.each([undefined, '', ' ', 'false'])('trusts no proxy for the value %j', (value) => {
    expect(readTrustProxy(value)).toBe(false);
  });

  it.each([
    ['loopback', ['loopback']],
    ['10.0.0.0/8, 2001:db8::/32', ['10.0.0.0/8', '2001:db8::/32']],
    ['203.0.113.7', ['203.0.113.7']],
  ])('trusts the addresses %s', (value, proxies) => {
    expect(readTrustProxy(value)).toEqual(proxies);
  });

  it.each([
    ['0', [false, false]],
    ['1', [true, false]],
    ['2', [true, true]],
  ])('trusts %s proxies', (value, trusted) => {
    const trust = readTrustProxy(value);
    expect(typeof trust === 'function' && [0, 1].map((hop) => trust('203.0.113.7', hop))).toEqual(trusted);
  });

  it.each([
    'yes',
    '-1',
    '1.5',
    '10.0.0.0/33',
    '2001:db8::/129',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '10.0.0.1,',
    'proxy.example',
  ])('rejects the value %s', (value) => {
    expect(() => readTrustProxy(value)).toThrow(`TRUST_PROXY is "${value}". Set it to a number of proxies`);
  });
});
