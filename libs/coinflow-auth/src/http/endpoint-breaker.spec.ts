import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { RecordingLogger } from '../../../../test/harness/recording-logger.js';
import { EndpointBreaker } from './circuit-breaker.js';
import { NoResponse, type Outcome } from './response.js';

const RESPONSE = { status: 401, isFromCoinflow: true } as Outcome;
const RESET = new NoResponse('connection', 'ECONNRESET');
const NEW = true;
const KNOWN = false;

describe('EndpointBreaker', () => {
  let logger: RecordingLogger;
  let breaker: EndpointBreaker;

  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger((logger = new RecordingLogger()));
    breaker = new EndpointBreaker('GET /path');
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  async function attempts(count: number, isNewKey: boolean, outcome: Outcome): Promise<void> {
    for (let i = 0; i < count; i += 1) await breaker.run(isNewKey, () => Promise.resolve(outcome));
  }

  const refused = (): { known: boolean; new: boolean } => ({
    known: breaker.refusesForMs(KNOWN) > 0,
    new: breaker.refusesForMs(NEW) > 0,
  });

  it('allows calls for known keys however many calls for new keys fail', async () => {
    await attempts(5, NEW, RESET);
    expect(refused()).toEqual({ known: false, new: true });
    for (let i = 0; i < 10; i += 1) {
      jest.advanceTimersByTime(5_000);
      await attempts(1, NEW, RESET);
    }
    expect(refused()).toEqual({ known: false, new: true });
  });

  it('allows calls for known keys while the trial for new keys is under way', async () => {
    await attempts(5, NEW, RESET);
    jest.advanceTimersByTime(5_000);
    void breaker.run(NEW, () => new Promise(() => undefined));
    expect(breaker.state).toBe('half-open');
    expect(refused()).toEqual({ known: false, new: true });
  });

  it('stops calls for new keys too when five calls for known keys fail', async () => {
    await attempts(1, NEW, RESPONSE);
    await attempts(5, KNOWN, RESET);
    expect(refused()).toEqual({ known: true, new: true });
  });

  it('counts failures of known keys and of new keys together for new keys', async () => {
    await attempts(3, NEW, RESET);
    await attempts(2, KNOWN, RESET);
    expect(refused()).toEqual({ known: false, new: true });
  });

  it('allows calls for new keys as soon as a call for a known key succeeds', async () => {
    await attempts(5, NEW, RESET);
    await attempts(1, KNOWN, RESPONSE);
    expect(refused()).toEqual({ known: false, new: false });
    await attempts(4, NEW, RESET);
    await attempts(1, KNOWN, RESPONSE);
    await attempts(4, NEW, RESET);
    expect(refused()).toEqual({ known: false, new: false });
  });

  it('does not use a call for a new key as the trial for known keys', async () => {
    await attempts(1, NEW, RESPONSE);
    await attempts(5, KNOWN, RESET);
    jest.advanceTimersByTime(5_000);
    await attempts(1, NEW, RESET);
    expect(refused()).toEqual({ known: false, new: true });
    await attempts(1, KNOWN, RESPONSE);
    expect(refused()).toEqual({ known: false, new: false });
  });

  it('the endpoint breaker stays open for known keys when a call for a new key succeeds', async () => {
    await attempts(1, NEW, RESPONSE);
    await attempts(4, KNOWN, RESET);
    await attempts(1, NEW, RESPONSE);
    await attempts(1, KNOWN, RESET);
    jest.advanceTimersByTime(4_999);
    await attempts(1, NEW, RESPONSE);
    expect(refused()).toEqual({ known: true, new: false });
  });

  it('allows a trial for new keys after five seconds although calls for known keys failed meanwhile', async () => {
    await attempts(5, NEW, RESET);
    jest.advanceTimersByTime(4_000);
    await attempts(4, KNOWN, RESET);
    jest.advanceTimersByTime(1_000);
    expect(refused()).toEqual({ known: false, new: false });
  });

  it('the endpoint breaker has the more severe state of its two breakers', async () => {
    expect(breaker.state).toBe('closed');
    await attempts(5, NEW, RESET);
    expect(breaker.state).toBe('open');
    jest.advanceTimersByTime(5_000);
    let end: (outcome: Outcome) => void = () => undefined;
    const trial = breaker.run(NEW, () => new Promise<Outcome>((resolve) => (end = resolve)));
    expect(breaker.state).toBe('half-open');
    await attempts(5, KNOWN, RESET);
    expect(breaker.state).toBe('open');
    end(RESPONSE);
    await trial;
    expect([breaker.state, refused()]).toEqual(['open', { known: true, new: false }]);
  });

  it('logs once which of its two breakers has opened, and which has closed', async () => {
    await attempts(8, NEW, RESET);
    expect(logger.lines).toEqual([
      {
        level: 'warn',
        text: expect.stringMatching(/^GET \/path for new session keys failed 5 times.*requests with new session keys/),
      },
    ]);
    await attempts(1, KNOWN, RESPONSE);
    expect(logger.at('log')).toEqual([expect.stringMatching(/^GET \/path for new session keys responds again/)]);
    await attempts(1, NEW, RESPONSE);
    await attempts(5, KNOWN, RESET);
    expect(logger.at('warn').slice(1)).toEqual([
      expect.stringMatching(/^GET \/path failed 5 times/),
      expect.stringMatching(/^GET \/path for new session keys failed 5 times/),
    ]);
  });

  it('the endpoint breaker has one breaker and logs one line if no call is for a new key', async () => {
    await attempts(5, KNOWN, RESET);
    expect(logger.at('warn')).toEqual([expect.stringMatching(/^GET \/path failed 5 times/)]);
  });
});
