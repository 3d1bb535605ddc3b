import { describe, expect, it } from '@jest/globals';
import { isFromThisMachine } from './loopback.guard.js';

function from(remoteAddress: string | undefined, host = 'localhost:3000'): boolean {
  return isFromThisMachine({ headers: { host }, socket: { remoteAddress } });
}

describe('isFromThisMachine', () => {
  it.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])('accepts a request from %s', (address) => {
    expect(from(address)).toBe(true);
    expect(from(address, '[::1]:3000')).toBe(true);
  });

  it.each(['203.0.113.7', '10.0.0.1', '::ffff:203.0.113.7', '2001:db8::1', '', undefined])(
    'rejects a request from %s',
    (address) => {
      expect(from(address)).toBe(false);
    },
  );

  it.each(['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'])(
    'rejects a request with the forwarding header %s',
    (name) => {
      const headers = { host: 'localhost:3000', [name]: '127.0.0.1' };
      expect(isFromThisMachine({ headers, socket: { remoteAddress: '127.0.0.1' } })).toBe(false);
    },
  );
});
