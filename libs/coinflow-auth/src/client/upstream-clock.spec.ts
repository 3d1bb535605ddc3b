import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { RecordingLogger } from '../../../../test/harness/recording-logger.js';
import { UpstreamClock } from './upstream-clock.js';

const NOW = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
const httpDate = (ms: number): string => new Date(ms).toUTCString();

describe('UpstreamClock', () => {
  let clock: UpstreamClock;
  let logger: RecordingLogger;

  beforeEach(() => {
    jest.useFakeTimers({ now: NOW });
    logger = new RecordingLogger();
    Logger.overrideLogger(logger);
    clock = new UpstreamClock();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  /** An answer that takes no time, of a clock that differs by so much. */
  const observe = (skewMs: number, at = NOW): void => clock.observe(httpDate(at + skewMs), at, at);

  it('knows nothing before an answer', () => {
    expect([clock.skewMs, clock.uncertaintyMs, clock.now()]).toEqual([undefined, undefined, NOW]);
  });

  it('takes the middle of what an answer can mean', () => {
    // Made at some moment of this second, between 200 ms before and now.
    clock.observe(httpDate(NOW + 10_000), NOW - 200, NOW);
    expect([clock.skewMs, clock.uncertaintyMs]).toEqual([10_600, 600]);
    expect(clock.now()).toBe(NOW + 10_600);
  });

  it('knows better with each answer', () => {
    observe(0, NOW);
    observe(0, NOW + 400);
    observe(0, NOW + 1_900);
    // From -0 and at most +1000, from -400 and at most +600, from -900 and at most +100.
    expect([clock.skewMs, clock.uncertaintyMs]).toEqual([50, 50]);
  });

  it('begins anew when what it knew cannot be any more', () => {
    observe(0);
    observe(0, NOW + 900);
    observe(60_000);
    expect([clock.skewMs, clock.uncertaintyMs]).toEqual([60_500, 500]);
  });

  it.each([
    undefined,
    null,
    5,
    '',
    'soon',
    '2026-01-01T00:00:00Z',
    '1767225600000',
    ['Thu, 01 Jan 2026 00:00:00 GMT'],
    'Thu, 99 Jan 2026 00:00:00 GMT',
    'Thu, 01 Jan 2026 00:00:00 GMT+1',
  ])('learns nothing of %j', (date) => {
    clock.observe(date, NOW, NOW);
    expect(clock.skewMs).toBeUndefined();
  });

  it('learns nothing when its own clock was set back during a call', () => {
    clock.observe(httpDate(NOW), NOW, NOW - 5_000);
    expect(clock.skewMs).toBeUndefined();
  });

  describe('a difference of more than 30 s', () => {
    it.each([
      [32_000, 'behind', 'longer'],
      [-33_000, 'ahead of', 'expired'],
    ])('is one warning, and says what follows: %d', (skewMs, direction, consequence) => {
      observe(skewMs);
      observe(skewMs, NOW + 5_000);
      expect(logger.lines.map(({ level }) => level)).toEqual(['warn']);
      expect(logger.at('warn')[0]).toMatch(new RegExp(`${direction} Coinflow’s.*${consequence}.*NTP.* CoinflowAuth$`));
    });

    it('is none up to 30 s', () => {
      clock.observe(httpDate(NOW + 30_000), NOW - 500, NOW + 500);
      expect(clock.skewMs).toBe(30_500);
      expect(logger.lines).toHaveLength(1);
      clock = new UpstreamClock();
      clock.observe(httpDate(NOW + 30_000), NOW, NOW + 1_000);
      expect(clock.skewMs).toBe(30_000);
      expect(logger.lines).toHaveLength(1);
    });

    it('is another one after it was mended', () => {
      for (const skewMs of [60_000, 0, 60_000, 61_500]) observe(skewMs);
      expect(logger.at('warn')).toHaveLength(2);
    });
  });

  it('is right about any skew, within what it says of its error', () => {
    const calls = fc.array(
      fc.record({
        sinceLastMs: fc.nat(DAY_MS),
        thereMs: fc.nat(3_000),
        backMs: fc.nat(3_000),
      }),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(fc.integer({ min: -10 * DAY_MS, max: 10 * DAY_MS }), calls, (trueSkewMs, each) => {
        const one = new UpstreamClock();
        let nowMs = NOW;
        let before = Infinity;
        for (const { sinceLastMs, thereMs, backMs } of each) {
          const sentAtMs = nowMs + sinceLastMs;
          const receivedAtMs = sentAtMs + thereMs + backMs;
          one.observe(httpDate(sentAtMs + thereMs + trueSkewMs), sentAtMs, receivedAtMs);
          const errorMs = Math.abs((one.skewMs ?? NaN) - trueSkewMs);
          const uncertaintyMs = one.uncertaintyMs ?? NaN;
          expect(errorMs).toBeLessThanOrEqual(uncertaintyMs);
          // No answer makes it know less, and each alone says as much as this.
          expect(uncertaintyMs).toBeLessThanOrEqual(Math.min(before, (1_000 + thereMs + backMs) / 2));
          before = uncertaintyMs;
          nowMs = receivedAtMs;
        }
      }),
      { numRuns: 500 },
    );
  });
});
