import { describe, expect, it, jest } from '@jest/globals';
import { closeClient } from './node-redis-adapter.js';
import { reconnectDelayMs } from './own-redis.js';

describe('the pause before a connection is tried again', () => {
  const pauses = (random: number): number[] =>
    [0, 1, 2, 3, 6, 1_000].map((retry) => reconnectDelayMs(retry, undefined, () => random));

  it('doubles with each attempt, up to a second', () => {
    expect(pauses(1)).toEqual([25, 50, 100, 200, 1_000, 1_000]);
  });

  it('is random by half, so that replicas do not come back all at once', () => {
    expect(pauses(0)).toEqual([13, 25, 50, 100, 500, 500]);
  });
});

describe('a client that is closed', () => {
  it('does not keep the process alive when it connects afterwards', () => {
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
