import { describe, expect, it } from '@jest/globals';
import { isFromThisMachine } from './loopback.guard.js';

function from(remoteAddress: string | undefined, host = 'localhost:3000'): boolean {
  return isFromThisMachine({ headers: { host }, socket: { remoteAddress } });
}

describe('who is on this machine', () => {
  it.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])('%s is', (address) => {
    expect(from(address)).toBe(true);
    expect(from(address, '[::1]:3000')).toBe(true);
  });

  it.each(['203.0.113.7', '10.0.0.1', '::ffff:203.0.113.7', '2001:db8::1', '', undefined])('%s is not', (address) => {
    expect(from(address)).toBe(false);
  });

  it.each(['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'])(
    'a request with a forwarding header is not, whatever it claims: %s',
    (name) => {
      const headers = { host: 'localhost:3000', [name]: '127.0.0.1' };
      expect(isFromThisMachine({ headers, socket: { remoteAddress: '127.0.0.1' } })).toBe(false);
    },
  );
});
