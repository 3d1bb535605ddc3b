import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { RecordingLogger } from '../../../../test/harness/recording-logger.js';
import { EndpointBreaker } from './endpoint-breaker.js';
import { NoResponse, type Outcome } from './outcome.js';

const ANSWER = { status: 401, isCoinflows: true } as Outcome;
const RESET = new NoResponse('connection', 'ECONNRESET');
const NEW = true;
const KNOWN = false;

describe('EndpointBreaker', () => {
  let logger: RecordingLogger;
  let breaker: EndpointBreaker;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    Logger.overrideLogger((logger = new RecordingLogger()));
    breaker = new EndpointBreaker('GET /path');
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  async function attempts(count: number, isNewKey: boolean, outcome: Outcome): Promise<void> {
    for (let i = 0; i < count; i += 1) await breaker.run(isNewKey, () => Promise.resolve(outcome));
    // What another breaker learns of them, it learns a moment later.
    await new Promise((resolve) => setImmediate(resolve));
  }

  const refused = (): { known: boolean; new: boolean } => ({
    known: breaker.refusesForMs(KNOWN) > 0,
    new: breaker.refusesForMs(NEW) > 0,
  });

  it('stops no call for a known key, however many calls for new keys fail', async () => {
    await attempts(5, NEW, RESET);
    expect(refused()).toEqual({ known: false, new: true });
    for (let i = 0; i < 10; i += 1) {
      jest.advanceTimersByTime(5_000);
      await attempts(1, NEW, RESET);
    }
    expect(refused()).toEqual({ known: false, new: true });
  });

  it('keeps letting calls for known keys through while a call for a new key probes', async () => {
    await attempts(5, NEW, RESET);
    jest.advanceTimersByTime(5_000);
    void breaker.run(NEW, () => new Promise(() => undefined));
    expect(breaker.state).toBe('half-open');
    expect(refused()).toEqual({ known: false, new: true });
  });

  it('stops calls for new keys too when five calls for known keys fail', async () => {
    await attempts(1, NEW, ANSWER);
    await attempts(5, KNOWN, RESET);
    expect(refused()).toEqual({ known: true, new: true });
  });

  it('counts failures of known keys and of new keys together for new keys', async () => {
    await attempts(3, NEW, RESET);
    await attempts(2, KNOWN, RESET);
    expect(refused()).toEqual({ known: false, new: true });
  });

  it('lets new keys through as soon as a call for a known key succeeds', async () => {
    await attempts(5, NEW, RESET);
    await attempts(1, KNOWN, ANSWER);
    expect(refused()).toEqual({ known: false, new: false });
    await attempts(4, NEW, RESET);
    await attempts(1, KNOWN, ANSWER);
    await attempts(4, NEW, RESET);
    expect(refused()).toEqual({ known: false, new: false });
  });

  it('leaves the probe for known keys to calls for known keys', async () => {
    await attempts(1, NEW, ANSWER);
    await attempts(5, KNOWN, RESET);
    jest.advanceTimersByTime(5_000);
    await attempts(1, NEW, RESET);
    expect(refused()).toEqual({ known: false, new: true });
    await attempts(1, KNOWN, ANSWER);
    expect(refused()).toEqual({ known: false, new: false });
  });

  it('does not close for known keys because a call for a new key succeeds', async () => {
    await attempts(1, NEW, ANSWER);
    await attempts(4, KNOWN, RESET);
    await attempts(1, NEW, ANSWER);
    await attempts(1, KNOWN, RESET);
    jest.advanceTimersByTime(4_999);
    await attempts(1, NEW, ANSWER);
    expect(refused()).toEqual({ known: true, new: false });
  });

  it('probes for new keys five seconds after they were stopped, whatever calls for known keys came to meanwhile', async () => {
    await attempts(5, NEW, RESET);
    jest.advanceTimersByTime(4_000);
    await attempts(4, KNOWN, RESET);
    jest.advanceTimersByTime(1_000);
    expect(refused()).toEqual({ known: false, new: false });
  });

  it('has the state of the worse of the two', async () => {
    expect(breaker.state).toBe('closed');
    await attempts(5, NEW, RESET);
    expect(breaker.state).toBe('open');
    jest.advanceTimersByTime(5_000);
    let end: (outcome: Outcome) => void = () => undefined;
    const probe = breaker.run(NEW, () => new Promise<Outcome>((resolve) => (end = resolve)));
    expect(breaker.state).toBe('half-open');
    await attempts(5, KNOWN, RESET);
    expect(breaker.state).toBe('open');
    end(ANSWER);
    await probe;
    expect([breaker.state, refused()]).toEqual(['open', { known: true, new: false }]);
  });

  it('says in the log once which of the two has opened, and which is closed again', async () => {
    await attempts(8, NEW, RESET);
    expect(logger.lines).toEqual([
      {
        level: 'warn',
        text: expect.stringMatching(/^GET \/path for new session keys failed 5 times.*requests with new session keys/),
      },
    ]);
    await attempts(1, KNOWN, ANSWER);
    expect(logger.at('log')).toEqual([expect.stringMatching(/^GET \/path for new session keys answers again/)]);
    await attempts(1, NEW, ANSWER);
    await attempts(5, KNOWN, RESET);
    expect(logger.at('warn').slice(1)).toEqual([
      expect.stringMatching(/^GET \/path failed 5 times/),
      expect.stringMatching(/^GET \/path for new session keys failed 5 times/),
    ]);
  });

  it('has one breaker, and one line in the log, where no call is for a new key', async () => {
    await attempts(5, KNOWN, RESET);
    expect(logger.at('warn')).toEqual([expect.stringMatching(/^GET \/path failed 5 times/)]);
  });
});
