import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { RecordingLogger } from '../../../../test/harness/recording-logger.js';
import { CircuitBreaker } from './circuit-breaker.js';

type Outcome = 'good' | 'bad';

describe('CircuitBreaker', () => {
  let logger: RecordingLogger;
  let breaker: CircuitBreaker<Outcome>;

  beforeEach(() => {
    jest.useFakeTimers();
    logger = new RecordingLogger();
    Logger.overrideLogger(logger);
    breaker = new CircuitBreaker<Outcome>('GET /path', 'who needs it is answered 503', (outcome) => outcome === 'bad');
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const attempt = (outcome: Outcome): Promise<Outcome> => breaker.run(() => Promise.resolve(outcome));

  async function open(): Promise<void> {
    for (let i = 0; i < 5; i += 1) await attempt('bad');
    expect(breaker.state).toBe('open');
  }

  /** An attempt that is under way until it is told its end. */
  function underWay(): { end(outcome: Outcome): Promise<Outcome> } {
    let settle: (outcome: Outcome) => void = () => undefined;
    const result = breaker.run(() => new Promise<Outcome>((resolve) => (settle = resolve)));
    return {
      end: (outcome) => {
        settle(outcome);
        return result;
      },
    };
  }

  it('gives back what an attempt came to, good or bad', async () => {
    await expect(attempt('good')).resolves.toBe('good');
    await expect(attempt('bad')).resolves.toBe('bad');
  });

  it('opens on the fifth failure in a row, and probes after five seconds', async () => {
    for (let i = 0; i < 4; i += 1) await attempt('bad');
    expect([breaker.state, breaker.refusesForMs]).toEqual(['closed', 0]);
    await attempt('bad');
    expect([breaker.state, breaker.refusesForMs]).toEqual(['open', 5_000]);
    jest.advanceTimersByTime(4_999);
    expect(breaker.refusesForMs).toBe(1_000);
    jest.advanceTimersByTime(1);
    expect(breaker.refusesForMs).toBe(0);
  });

  it('lets nobody else through while it probes', async () => {
    await open();
    jest.advanceTimersByTime(5_000);
    const probe = underWay();
    expect([breaker.state, breaker.refusesForMs]).toEqual(['half-open', 1_000]);
    await probe.end('good');
    expect([breaker.state, breaker.refusesForMs]).toEqual(['closed', 0]);
  });

  it('waits five seconds more after a probe that failed, however often', async () => {
    await open();
    for (let i = 0; i < 10; i += 1) {
      jest.advanceTimersByTime(5_000);
      await attempt('bad');
      expect([breaker.state, breaker.refusesForMs]).toEqual(['open', 5_000]);
    }
  });

  it('is not stuck when a probe throws', async () => {
    await open();
    jest.advanceTimersByTime(5_000);
    await expect(breaker.run(() => Promise.reject(new Error('a mistake')))).rejects.toThrow('a mistake');
    expect(breaker.refusesForMs).toBe(0);
  });

  it('does not take the end of an attempt from before it opened for that of the probe', async () => {
    const stragglers = [underWay(), underWay()];
    await open();
    await stragglers[0]?.end('good');
    expect(breaker.state).toBe('open');
    jest.advanceTimersByTime(5_000);
    const probe = underWay();
    await stragglers[1]?.end('bad');
    expect(breaker.state).toBe('half-open');
    await probe.end('good');
    expect(breaker.state).toBe('closed');
  });

  it('does not count a failed attempt that began before it opened as the failure of its probe', async () => {
    const straggler = underWay();
    await open();
    jest.advanceTimersByTime(5_000);
    const probe = underWay();
    await straggler.end('bad');
    expect(breaker.state).toBe('half-open');
    await probe.end('good');
    expect(breaker.state).toBe('closed');
  });

  it('is not kept open by a clock that is set back, nor closed by one set ahead', async () => {
    await open();
    jest.setSystemTime(Date.now() + 3_600_000);
    expect(breaker.refusesForMs).toBe(5_000);
    jest.setSystemTime(Date.now() - 7_200_000);
    jest.advanceTimersByTime(5_000);
    await expect(attempt('good')).resolves.toBe('good');
    expect(breaker.state).toBe('closed');
  });

  it('says in the log once that it opened and once that it closed', async () => {
    await open();
    jest.advanceTimersByTime(5_000);
    await attempt('bad');
    jest.advanceTimersByTime(5_000);
    expect(logger.lines).toEqual([{ level: 'warn', text: expect.stringMatching(/^GET \/path failed 5 times.*503/) }]);
    await attempt('good');
    expect(logger.at('log')).toEqual([expect.stringMatching(/^GET \/path answers again/)]);
    await open();
    expect(logger.lines.map(({ level }) => level)).toEqual(['warn', 'log', 'warn']);
    expect(logger.lines.every(({ text }) => text.endsWith(' CoinflowAuth'))).toBe(true);
  });

  it('sets no timer', async () => {
    await open();
    expect(jest.getTimerCount()).toBe(0);
  });
});
