import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { RecordingLogger } from '../../../../test/harness/recording-logger.js';
import { CoinflowClock } from './clock-skew.js';

const NOW = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
/** Times since 1970 with fractions of a millisecond have no room for more digits. */
const ROUNDING_MS = 0.01;
const httpDate = (ms: number): string => new Date(ms).toUTCString();

describe('CoinflowClock', () => {
  let clock: CoinflowClock;
  let logger: RecordingLogger;

  beforeEach(() => {
    jest.useFakeTimers({ now: NOW });
    logger = new RecordingLogger();
    Logger.overrideLogger(logger);
    clock = new CoinflowClock();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  /** Observes a response that took `tookMs`, of a clock with the given skew. */
  const observe = (skewMs: number, tookMs = 0): void => {
    const now = performance.now();
    clock.observe(httpDate(Date.now() + skewMs), now - tookMs, now);
  };

  it('knows no skew before the first response', () => {
    expect([clock.skewMs, clock.uncertaintyMs, clock.now()]).toEqual([undefined, undefined, NOW]);
  });

  it('estimates the middle between the bounds of a response', () => {
    // Its Date was set between 200 ms ago and now, and has whole seconds.
    observe(10_000, 200);
    expect([clock.skewMs, clock.uncertaintyMs]).toEqual([10_600, 600]);
    expect([clock.now(), clock.latest()]).toEqual([NOW + 10_600, NOW + 11_200]);
  });

  it('estimates more exactly with each response', () => {
    observe(0);
    jest.advanceTimersByTime(400);
    observe(0);
    jest.advanceTimersByTime(1_500);
    observe(0);
    // From -0 and at most +1000, from -400 and at most +600, from -900 and at most +100; plus the drift.
    expect(clock.skewMs).toBeCloseTo(50, 1);
    expect(clock.uncertaintyMs).toBeCloseTo(50, 0);
  });

  it('estimates less exactly while nothing is observed, since clocks drift', () => {
    observe(0);
    jest.advanceTimersByTime(DAY_MS);
    expect([clock.skewMs, clock.uncertaintyMs]).toEqual([500, 500 + DAY_MS * 2e-5]);
  });

  it("keeps its estimate when this machine's clock is corrected", () => {
    observe(0);
    const before = clock.now();
    jest.setSystemTime(NOW - 3_600_000);
    expect(clock.now()).toBe(before);
    expect(clock.skewMs).toBe(3_600_500);
  });

  it('starts again when a response contradicts the earlier ones', () => {
    observe(0);
    jest.advanceTimersByTime(900);
    observe(0);
    jest.advanceTimersByTime(100);
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
  ])('ignores the Date %j', (date) => {
    clock.observe(date, 0, 0);
    expect([clock.skewMs, clock.latest()]).toEqual([undefined, undefined]);
  });

  describe('the warning about a skew of more than 30 s', () => {
    it.each([
      [32_000, 'behind', 'expired session keys may still be accepted'],
      [-33_000, 'ahead of', 'session keys may expire too early'],
    ])('logs a skew of %d ms once, with its consequence', (skewMs, direction, consequence) => {
      observe(skewMs);
      jest.advanceTimersByTime(5_000);
      observe(skewMs);
      expect(logger.lines.map(({ level }) => level)).toEqual(['warn']);
      expect(logger.at('warn')[0]).toMatch(new RegExp(`${direction} Coinflow's.*${consequence}.*NTP.* CoinflowAuth$`));
    });

    it('logs no warning about a skew of up to 30 s', () => {
      observe(30_000);
      expect(clock.skewMs).toBe(30_500);
      expect(logger.lines).toHaveLength(1);
      clock = new CoinflowClock();
      observe(29_000, 1_000);
      expect(clock.skewMs).toBe(30_000);
      expect(logger.lines).toHaveLength(1);
    });

    it('logs the skew again after the clock was correct in between', () => {
      for (const skewMs of [60_000, 0, 60_000, 61_500]) observe(skewMs);
      expect(logger.at('warn')).toHaveLength(2);
    });
  });

  it('estimates any skew within its stated uncertainty', () => {
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
        const one = new CoinflowClock();
        for (const { sinceLastMs, thereMs, backMs } of each) {
          jest.advanceTimersByTime(sinceLastMs);
          const sentAt = performance.now();
          jest.advanceTimersByTime(thereMs);
          const date = httpDate(Date.now() + trueSkewMs);
          jest.advanceTimersByTime(backMs);
          const before = one.uncertaintyMs ?? Infinity;
          one.observe(date, sentAt, performance.now());
          const errorMs = Math.abs((one.skewMs ?? NaN) - trueSkewMs);
          const uncertaintyMs = one.uncertaintyMs ?? NaN;
          expect(errorMs).toBeLessThanOrEqual(uncertaintyMs + ROUNDING_MS);
          expect(one.latest()).toBeGreaterThanOrEqual(Date.now() + trueSkewMs - ROUNDING_MS);
          // No response makes it less exact, and each one alone makes it this exact.
          const mostMs = Math.min(before, (1_000 + thereMs + backMs) / 2);
          expect(uncertaintyMs).toBeLessThanOrEqual(mostMs + ROUNDING_MS);
        }
      }),
      { numRuns: 500 },
    );
  });
});
