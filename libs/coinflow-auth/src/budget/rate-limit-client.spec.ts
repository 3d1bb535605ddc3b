import { beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { RecordingLogger } from '../../../../test/harness/recording-logger.js';
import type { CoinflowBudgetOptions } from '../options/coinflow-auth-options.js';
import { clientResolver, type ClientOf } from './rate-limit-client.js';

const REQUEST = { headers: {}, ip: '203.0.113.7' };

describe('the function of the option budget.getClient', () => {
  let logger: RecordingLogger;

  beforeEach(() => {
    Logger.overrideLogger((logger = new RecordingLogger()));
  });

  const clientOfWith = (getClient: () => unknown): ClientOf =>
    clientResolver({ getClient: getClient as CoinflowBudgetOptions['getClient'] });

  it.each<[string, () => unknown]>([
    ['a promise', () => Promise.resolve('client')],
    ['a promise that rejects', () => Promise.reject(new Error('canary'))],
    ['a promise that rejects later', () => new Promise((_, reject) => setImmediate(() => reject(new Error('canary'))))],
    ['a promise that never settles', () => new Promise(() => undefined)],
    [
      'a thenable that throws',
      () => ({
        then() {
          throw new Error('canary');
        },
      }),
    ],
  ])('leaves the client unknown when budget.getClient returns %s, and logs that once', async (_, getClient) => {
    const clientOf = clientOfWith(getClient);
    expect([clientOf(REQUEST), clientOf(REQUEST)]).toEqual([undefined, undefined]);
    // Node.js finds an unhandled rejection once all microtasks have run; Jest then fails the test.
    for (let i = 0; i < 3; i += 1) await new Promise(setImmediate);
    expect(logger.lines).toEqual([
      {
        level: 'warn',
        text: expect.stringMatching(/budget\.getClient returns a promise.*must be synchronous.*\[get-client-async\]/),
      },
    ]);
    expect(logger.lines[0]?.text).not.toContain('canary');
  });

  it.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['null', () => null],
    ['an empty string', () => ''],
    ['a number', () => 5],
  ])('leaves the client unknown when budget.getClient returns %s, and logs nothing', (_, getClient) => {
    expect(clientOfWith(getClient)(REQUEST)).toBeUndefined();
    expect(logger.lines).toEqual([]);
  });

  it('leaves the client unknown when budget.getClient throws, and logs that once without the error', () => {
    const clientOf = clientOfWith(() => {
      throw new Error('canary');
    });
    expect([clientOf(REQUEST), clientOf(REQUEST)]).toEqual([undefined, undefined]);
    expect(logger.at('warn')).toEqual([expect.stringContaining('[get-client-failed]')]);
    expect(logger.lines[0]?.text).not.toContain('canary');
  });
});
