import { describe, expect, it } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import type { EmulatorControl } from '../emulator-options.js';
import { rejectControl } from './control-access.js';

interface Caller {
  from: string;
  host: string;
  at?: string;
}

/** The status of the refusal, for a `GET` that comes from an address; `undefined` when it may. */
function statusFor(control: EmulatorControl, { from, host, at = '192.0.2.7' }: Caller): number | undefined {
  const socket = { remoteAddress: from, localAddress: at };
  const request = { method: 'GET', headers: { host }, raw: { socket } } as unknown as FastifyRequest;
  return rejectControl(request, control, ['0.0.0.0', 'emulator'])?.status;
}

describe('rejectControl', () => {
  it.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])(
    'accepts a request from the loopback address %s',
    (from) => {
      expect(statusFor('loopback', { from, host: 'localhost:4010' })).toBeUndefined();
    },
  );

  it.each(['192.0.2.1', '::ffff:192.0.2.1', '2001:db8::1', '', '1.127.0.0'])(
    'rejects a request from the address %j by default',
    (from) => {
      expect(statusFor('loopback', { from, host: 'localhost:4010' })).toBe(403);
      expect(statusFor('any', { from, host: 'localhost:4010' })).toBeUndefined();
    },
  );

  it('accepts the address that was reached and allowed names as Host of a remote client, and rejects others', () => {
    expect(statusFor('any', { from: '192.0.2.1', host: '192.0.2.7:4010' })).toBeUndefined();
    expect(statusFor('any', { from: '192.0.2.1', host: '192.0.2.7', at: '::ffff:192.0.2.7' })).toBeUndefined();
    expect(statusFor('any', { from: '192.0.2.1', host: 'EMULATOR:4010' })).toBeUndefined();
    expect(statusFor('loopback', { from: '192.0.2.1', host: 'emulator:4010' })).toBe(403);
    expect(statusFor('any', { from: '192.0.2.1', host: 'evil.example' })).toBe(421);
    expect(statusFor('any', { from: '192.0.2.1', host: '192.0.2.8' })).toBe(421);
  });
});
