import { jest } from '@jest/globals';

/** Stops `Date` and `performance`. Sockets and timers keep running. Undo with `jest.useRealTimers()`. */
export function stopClock(): { advance(ms: number): void } {
  jest.useFakeTimers({
    doNotFake: [
      'hrtime',
      'nextTick',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      'setTimeout',
      'clearTimeout',
    ],
  });
  return { advance: (ms) => jest.advanceTimersByTime(ms) };
}
