import { describe, expect, it } from '@jest/globals';
import { clientNetwork } from './login-limit.guard.js';

describe('clientNetwork', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0DB8:1:2::', '2001:db8:1:2'],
    ['2001:db8::5:6:7:8', '2001:db8:0:0'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['1::5:6:7:8:9', '1:0:0:5'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::1', '0:0:0:0'],
    ['::203.0.113.7', '0:0:0:0'],
    ['::', '0:0:0:0'],
    ['unknown', 'unknown'],
  ])('counts %s as the client %s', (address, network) => {
    expect(clientNetwork(address)).toBe(network);
  });
});
