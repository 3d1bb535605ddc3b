import { describe, expect, it } from '@jest/globals';
import { CallLog } from './calls.js';
import { EmulatorClock } from './clock.js';

function call(headers: Record<string, string>): Parameters<CallLog['record']>[1] {
  return { method: 'GET', url: '/api/auth/verify?a=b', headers };
}

describe('CallLog', () => {
  const log = new CallLog(new EmulatorClock(), (text) => text.includes('a-secret'));

  it('keeps the newest 10,000 calls and counts all', () => {
    for (let i = 0; i < 10_200; i += 1) log.record('verify', call({ 'x-number': String(i) }));
    expect(log.calls).toHaveLength(10_000);
    expect(log.calls[0]).toEqual({
      endpoint: 'verify',
      method: 'GET',
      path: '/api/auth/verify',
      credentials: 'none',
      status: undefined,
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      headers: { 'x-number': '200' },
    });
    expect(log.counts).toEqual({ message: 0, 'session-key': 0, verify: 10_200 });
  });

  it('masks secrets in every header', () => {
    const secrets = {
      authorization: 'k',
      'x-coinflow-auth-signed-message': 's',
      cookie: 'c',
      'x-wrong': 'Bearer a-secret',
      'x-jwt': 'Bearer eyJh.eyJi.c-_',
    };
    log.record('message', call({ ...secrets, 'user-agent': 'curl/8.5.0', 'x-user': 'a.b.c' }));
    const masked = Object.fromEntries(Object.keys(secrets).map((name) => [name, '***']));
    expect(log.calls.at(-1)?.headers).toEqual({ ...masked, 'user-agent': 'curl/8.5.0', 'x-user': 'a.b.c' });
  });

  it('adds the status of a response to its call', () => {
    const first = call({});
    log.record('message', first);
    log.record('verify', call({}));
    log.setStatus(first, 200);
    log.setStatus(call({}), 500);
    expect(log.calls.slice(-2).map(({ status }) => status)).toEqual([200, undefined]);
  });
});
