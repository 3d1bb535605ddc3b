import { describe, expect, it } from '@jest/globals';
import { isBehindUntrustedProxy, networkOf } from './client-address.js';

describe('networkOf', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['fe80::1%25', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['::203.0.113.7', '0:0:0:0::/64'],
    ['64:ff9b::203.0.113.7', '64:ff9b:0:0::/64'],
  ])('identifies the client with the address %s by %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it.each(['', 'unknown', '203.0.113.7:443', '[2001:db8::1]', '203.0.113', '2001:db8', '_hidden'])(
    'returns undefined for %j, which is not an address',
    (text) => {
      expect(networkOf(text)).toBeUndefined();
    },
  );
});

describe('isBehindUntrustedProxy', () => {
  const socket = { remoteAddress: '10.0.0.1' };

  it.each(['forwarded', 'x-forwarded-for', 'x-real-ip', 'cf-connecting-ip'])(
    'finds a proxy that the application does not trust by the header %s',
    (name) => {
      const headers = { [name]: '203.0.113.7' };
      expect(isBehindUntrustedProxy({ headers, socket, ip: '10.0.0.1' })).toBe(true);
      // The adapter has read it, or another such header.
      expect(isBehindUntrustedProxy({ headers, socket, ip: '203.0.113.7' })).toBe(false);
    },
  );

  it('finds no proxy without a forwarding header', () => {
    expect(isBehindUntrustedProxy({ headers: { host: 'example.com' }, socket, ip: '10.0.0.1' })).toBe(false);
  });
});
