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
    breaker = new CircuitBreaker<Outcome>('GET /path', 'requests get 503', (outcome) => outcome === 'bad');
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const attempt = (outcome: Outcome): Promise<Outcome> => breaker.run(() => Promise.resolve(outcome));

  async function open(): Promise<void> {
    for (let i = 0; i < 5; i += 1) await attempt('bad');
    expect(breaker.state).toBe('open');
  }

  /** An attempt that is under way until the test ends it. */
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

  it('returns the outcome of an attempt, whether it is a failure or not', async () => {
    await expect(attempt('good')).resolves.toBe('good');
    await expect(attempt('bad')).resolves.toBe('bad');
  });

  it('the breaker opens after the fifth failure in a row, and allows a trial after five seconds', async () => {
    for (let i = 0; i < 4; i += 1) await attempt('bad');
    expect([breaker.state, breaker.refusesForMs]).toEqual(['closed', 0]);
    await attempt('bad');
    expect([breaker.state, breaker.refusesForMs]).toEqual(['open', 5_000]);
    jest.advanceTimersByTime(4_999);
    expect(breaker.refusesForMs).toBe(1_000);
    jest.advanceTimersByTime(1);
    expect(breaker.refusesForMs).toBe(0);
  });

  it('allows no other attempt while the trial is under way', async () => {
    await open();
    jest.advanceTimersByTime(5_000);
    const trial = underWay();
    expect([breaker.state, breaker.refusesForMs]).toEqual(['half-open', 1_000]);
    await trial.end('good');
    expect([breaker.state, breaker.refusesForMs]).toEqual(['closed', 0]);
  });

  it('the breaker stays open for five more seconds after each failed trial', async () => {
    await open();
    for (let i = 0; i < 10; i += 1) {
      jest.advanceTimersByTime(5_000);
      await attempt('bad');
      expect([breaker.state, breaker.refusesForMs]).toEqual(['open', 5_000]);
    }
  });

  it('allows another trial after a trial that throws', async () => {
    await open();
    jest.advanceTimersByTime(5_000);
    await expect(breaker.run(() => Promise.reject(new Error('a mistake')))).rejects.toThrow('a mistake');
    expect(breaker.refusesForMs).toBe(0);
  });

  it('ignores an attempt from before it opened when it ends before or during the trial', async () => {
    const stragglers = [underWay(), underWay()];
    await open();
    await stragglers[0]?.end('good');
    expect(breaker.state).toBe('open');
    jest.advanceTimersByTime(5_000);
    const trial = underWay();
    await stragglers[1]?.end('bad');
    expect(breaker.state).toBe('half-open');
    await trial.end('good');
    expect(breaker.state).toBe('closed');
  });

  it('does not count a failure from before it opened as the failure of the trial', async () => {
    const straggler = underWay();
    await open();
    jest.advanceTimersByTime(5_000);
    const trial = underWay();
    await straggler.end('bad');
    expect(breaker.state).toBe('half-open');
    await trial.end('good');
    expect(breaker.state).toBe('closed');
  });

  it('the breaker neither stays open when the clock is set back nor closes when it is set ahead', async () => {
    await open();
    jest.setSystemTime(Date.now() + 3_600_000);
    expect(breaker.refusesForMs).toBe(5_000);
    jest.setSystemTime(Date.now() - 7_200_000);
    jest.advanceTimersByTime(5_000);
    await expect(attempt('good')).resolves.toBe('good');
    expect(breaker.state).toBe('closed');
  });

  it('logs once that it opened and once that it closed', async () => {
    await open();
    jest.advanceTimersByTime(5_000);
    await attempt('bad');
    jest.advanceTimersByTime(5_000);
    expect(logger.lines).toEqual([{ level: 'warn', text: expect.stringMatching(/^GET \/path failed 5 times.*503/) }]);
    await attempt('good');
    expect(logger.at('log')).toEqual([expect.stringMatching(/^GET \/path responds again/)]);
    await open();
    expect(logger.lines.map(({ level }) => level)).toEqual(['warn', 'log', 'warn']);
    expect(logger.lines.every(({ text }) => text.endsWith(' CoinflowAuth'))).toBe(true);
  });

  it('the breaker closes when it learns of a success elsewhere, also while a trial is under way', async () => {
    await open();
    breaker.learn('good');
    expect([breaker.state, breaker.refusesForMs]).toEqual(['closed', 0]);
    await open();
    jest.advanceTimersByTime(5_000);
    const trial = underWay();
    breaker.learn('good');
    expect([breaker.state, breaker.refusesForMs]).toEqual(['closed', 0]);
    await trial.end('bad');
    for (let i = 0; i < 3; i += 1) await attempt('bad');
    expect(breaker.state).toBe('closed');
    await attempt('bad');
    expect(breaker.state).toBe('open');
  });

  it('counts a failure elsewhere only while it is closed', async () => {
    for (let i = 0; i < 5; i += 1) breaker.learn('bad');
    expect(breaker.state).toBe('open');
    jest.advanceTimersByTime(4_000);
    breaker.learn('bad');
    jest.advanceTimersByTime(1_000);
    expect(breaker.refusesForMs).toBe(0);
    const trial = underWay();
    breaker.learn('bad');
    expect(breaker.state).toBe('half-open');
    await trial.end('good');
    expect(breaker.state).toBe('closed');
  });

  it('ignores a trial that ends after the breaker has closed and opened again', async () => {
    await open();
    jest.advanceTimersByTime(5_000);
    const outdated = underWay();
    breaker.learn('good');
    await open();
    jest.advanceTimersByTime(5_000);
    const trial = underWay();
    await outdated.end('good');
    expect(breaker.state).toBe('half-open');
    await trial.end('good');
    expect(breaker.state).toBe('closed');
  });

  it('the breaker opens after five failures in a row again once it has closed', async () => {
    await open();
    jest.advanceTimersByTime(5_000);
    await attempt('good');
    for (let i = 0; i < 4; i += 1) await attempt('bad');
    expect(breaker.state).toBe('closed');
  });

  it('the breaker sets no timer', async () => {
    await open();
    expect(jest.getTimerCount()).toBe(0);
  });
});
