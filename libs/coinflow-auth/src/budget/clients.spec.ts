import { beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { RecordingLogger } from '../../../../test/harness/recording-logger.js';
import type { CoinflowBudgetOptions } from '../options/budget-options.js';
import { Clients } from './clients.js';

const REQUEST = { headers: {}, ip: '203.0.113.7' };

describe('the function of the option budget.getClient', () => {
  let logger: RecordingLogger;

  beforeEach(() => {
    Logger.overrideLogger((logger = new RecordingLogger()));
  });

  const clientsWith = (getClient: () => unknown): Clients =>
    new Clients({ getClient: getClient as CoinflowBudgetOptions['getClient'] });

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
  ])('does not tell clients apart when it returns %s, and is reported once', async (_, getClient) => {
    const clients = clientsWith(getClient);
    expect([clients.of(REQUEST), clients.of(REQUEST)]).toEqual([undefined, undefined]);
    // Jest fails a test in which a rejection is found unhandled: once all microtasks have run.
    for (let i = 0; i < 3; i += 1) await new Promise(setImmediate);
    expect(logger.lines).toEqual([
      {
        level: 'warn',
        text: expect.stringMatching(/budget\.getClient returns a promise.*must be synchronous.*\[client-async\]/),
      },
    ]);
    expect(logger.lines[0]?.text).not.toContain('canary');
  });

  it.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['null', () => null],
    ['an empty string', () => ''],
    ['a number', () => 5],
  ])('does not tell clients apart when it returns %s, which is not reported', (_, getClient) => {
    expect(clientsWith(getClient).of(REQUEST)).toBeUndefined();
    expect(logger.lines).toEqual([]);
  });

  it('is reported once when it throws, without what it threw', () => {
    const clients = clientsWith(() => {
      throw new Error('canary');
    });
    expect([clients.of(REQUEST), clients.of(REQUEST)]).toEqual([undefined, undefined]);
    expect(logger.at('warn')).toEqual([expect.stringContaining('[client-failed]')]);
    expect(logger.lines[0]?.text).not.toContain('canary');
  });
});
