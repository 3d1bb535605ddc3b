import { describe, expect, it, jest } from '@jest/globals';
import { closeClient } from './node-redis-adapter.js';
import { reconnectDelayMs } from './redis-url-adapter.js';

describe('reconnectDelayMs', () => {
  const delays = (random: number): number[] =>
    [0, 1, 2, 3, 6, 1_000].map((retry) => reconnectDelayMs(retry, undefined, () => random));

  it('doubles the delay with each attempt, up to one second', () => {
    expect(delays(1)).toEqual([25, 50, 100, 200, 1_000, 1_000]);
  });

  it('chooses half of the delay at random, so that replicas do not reconnect at the same time', () => {
    expect(delays(0)).toEqual([13, 25, 50, 100, 500, 500]);
  });
});

describe('closeClient', () => {
  it('does not keep the process alive when a closed client still connects', () => {
    const listeners: [event: string, listener: () => void][] = [];
    const client = {
      isOpen: true,
      on: (event: string, listener: () => void) => listeners.push([event, listener]),
      unref: jest.fn(),
      destroy: jest.fn(),
    };
    closeClient(client);
    expect(client.destroy).toHaveBeenCalledTimes(1);
    expect(client.unref).not.toHaveBeenCalled();
    for (const [event, listener] of listeners) if (event === 'connect') listener();
    expect(client.unref).toHaveBeenCalledTimes(1);
  });
});
