import { describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { LoopbackGuard } from './loopback.guard.js';

function from(remoteAddress: string | undefined, host = 'localhost:3000'): ExecutionContext {
  const request = { headers: { host }, socket: { remoteAddress } };
  return { switchToHttp: () => ({ getRequest: () => request }) } as unknown as ExecutionContext;
}

describe('LoopbackGuard', () => {
  const guard = new LoopbackGuard();

  it.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])('lets %s through', (address) => {
    expect(guard.canActivate(from(address))).toBe(true);
    expect(guard.canActivate(from(address, '[::1]:3000'))).toBe(true);
  });

  it.each(['203.0.113.7', '10.0.0.1', '::ffff:203.0.113.7', '2001:db8::1', '', undefined])('%s not', (address) => {
    expect(() => guard.canActivate(from(address))).toThrow('Only from this machine');
  });
});
