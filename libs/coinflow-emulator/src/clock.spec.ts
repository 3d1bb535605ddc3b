import { describe, expect, it, jest } from '@jest/globals';
import { EmulatorClock, MAX_CLOCK_OFFSET_MS } from './clock.js';

describe('EmulatorClock', () => {
  it('adds the offset to the clock of this machine', () => {
    jest.useFakeTimers({ now: 1_700_000_000_500 });
    const clock = new EmulatorClock();
    expect([clock.nowMs(), clock.nowSeconds()]).toEqual([1_700_000_000_500, 1_700_000_000]);
    clock.setOffset(-1_000);
    expect([clock.nowMs(), clock.nowSeconds(), clock.offsetMs]).toEqual([1_699_999_999_500, 1_699_999_999, -1_000]);
    expect(clock.httpDate()).toBe('Tue, 14 Nov 2023 22:13:19 GMT');
    expect(clock.httpDate(1_000)).toBe('Tue, 14 Nov 2023 22:13:21 GMT');
    jest.useRealTimers();
  });

  it.each([0.5, Number.NaN, Infinity, MAX_CLOCK_OFFSET_MS + 1, -MAX_CLOCK_OFFSET_MS - 1])(
    'rejects the offset %p',
    (ms) => {
      expect(() => new EmulatorClock().setOffset(ms)).toThrow(
        new RangeError('The clock offset must be an integer from -1576800000000 to 1576800000000.'),
      );
    },
  );
});
