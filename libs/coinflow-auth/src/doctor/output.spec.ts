import { describe, expect, it } from '@jest/globals';
import { failed, ok, result } from './check-result.js';
import { hasFailed, toJson, toText, withoutSecrets } from './output.js';

const RESULTS = [
  ok('node', '24.1.0'),
  result('clock', 'warning', '40 s behind', 'Synchronize the clock.', 'Then run the doctor again.'),
  failed('redis-shared-store', 'may not send incr', 'Grant +incr.'),
  result('webhook-route', 'skipped', 'no --webhook-url'),
];

describe('the output of the doctor', () => {
  it('is one aligned line for each check, with its advice below what was found', () => {
    expect(toText(RESULTS, false).split('\n')).toEqual([
      'ok       Node.js              24.1.0',
      'warning  Clock                40 s behind',
      '                              Synchronize the clock.',
      '                              Then run the doctor again.',
      'failed   Redis, shared store  may not send incr',
      '                              Grant +incr.',
      'skipped  Webhook route        no --webhook-url',
      '',
      '1 ok, 1 warning, 1 failed, 1 skipped',
    ]);
  });

  it('colours the status only, and only if asked to', () => {
    expect(toText(RESULTS, true).split('\n')[4]).toBe(
      '\u001B[31mfailed \u001B[0m  Redis, shared store  may not send incr',
    );
    expect(toText(RESULTS, false)).not.toContain('\u001B');
  });

  it('is one JSON object with the version of the package and a stable id for each check', () => {
    expect(JSON.parse(toJson(RESULTS, '1.2.3'))).toEqual({
      version: '1.2.3',
      ok: false,
      checks: [
        { id: 'node', status: 'ok', found: '24.1.0', advice: [] },
        { id: 'clock', status: 'warning', found: '40 s behind', advice: expect.any(Array) },
        { id: 'redis-shared-store', status: 'failed', found: 'may not send incr', advice: ['Grant +incr.'] },
        { id: 'webhook-route', status: 'skipped', found: 'no --webhook-url', advice: [] },
      ],
    });
  });

  it('has failed only if a check has failed', () => {
    expect(hasFailed(RESULTS)).toBe(true);
    expect(hasFailed(RESULTS.filter(({ status }) => status !== 'failed'))).toBe(false);
  });

  it('replaces secrets in what was found and in the advice, but no short text', () => {
    const results = [failed('redis', 'password canary1 is wrong', 'Do not use canary1 or abc.')];
    expect(withoutSecrets(results, ['canary1', 'abc', ''])).toEqual([
      failed('redis', 'password [redacted] is wrong', 'Do not use [redacted] or abc.'),
    ]);
  });
});
