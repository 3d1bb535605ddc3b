import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { listenToEvents, type StreamSource, type StreamState } from './event-stream.js';

/** A stream that a test speaks through. */
class ScriptedStream extends EventTarget implements StreamSource {
  readonly CLOSED = 2;
  readyState = 0;

  say(name: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
  }

  fail({ isClosed }: { isClosed: boolean }): void {
    this.readyState = isClosed ? this.CLOSED : 0;
    this.dispatchEvent(new Event('error'));
  }
}

describe('listening to events', () => {
  let streams: ScriptedStream[];
  let states: StreamState[];
  let heard: unknown[];

  beforeEach(() => {
    jest.useFakeTimers();
    [streams, states, heard] = [[], [], []];
    const open = (): ScriptedStream => {
      const stream = new ScriptedStream();
      streams.push(stream);
      return stream;
    };
    listenToEvents(
      {
        onState: (state) => states.push(state),
        onDecisions: (decisions) => heard.push(decisions),
        onFigures: (figures) => heard.push(figures),
        onCoinflow: (coinflow) => heard.push(coinflow),
      },
      open,
    );
  });

  afterEach(() => void jest.useRealTimers());

  it('hears what is said, and nothing that is something else', () => {
    streams[0]?.dispatchEvent(new Event('open'));
    streams[0]?.say('decisions', [{ at: 1 }]);
    streams[0]?.say('decisions', { at: 1 });
    streams[0]?.say('figures', { nothing: true });
    streams[0]?.say('coinflow', null);
    streams[0]?.say('coinflow', { condition: 'well', lifetimeSeconds: 20, clockOffsetMs: 0 });
    expect(states).toEqual(['connecting', 'live']);
    expect(heard).toEqual([[{ at: 1 }], null, { condition: 'well', lifetimeSeconds: 20, clockOffsetMs: 0 }]);
  });

  it('leaves it to the browser to come back when a connection breaks', () => {
    streams[0]?.fail({ isClosed: false });
    jest.advanceTimersByTime(60_000);
    expect(states.at(-1)).toBe('broken');
    expect(streams).toHaveLength(1);
  });

  it('comes back itself when it was refused, ever less often, and at once again after it was let in', () => {
    for (const waitMs of [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
      const before = streams.length;
      streams.at(-1)?.fail({ isClosed: true });
      jest.advanceTimersByTime(waitMs - 1);
      expect(streams).toHaveLength(before);
      jest.advanceTimersByTime(1);
      expect(streams).toHaveLength(before + 1);
    }
    streams.at(-1)?.dispatchEvent(new Event('open'));
    streams.at(-1)?.fail({ isClosed: true });
    jest.advanceTimersByTime(1_000);
    expect(streams).toHaveLength(8);
  });
});
