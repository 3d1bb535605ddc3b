import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { listenToEvents, type StreamSource, type StreamState } from './event-stream.js';

/** A stream whose events the test sends. */
class ScriptedStream extends EventTarget implements StreamSource {
  readonly CLOSED = 2;
  readyState = 0;

  send(name: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
  }

  fail({ isClosed }: { isClosed: boolean }): void {
    this.readyState = isClosed ? this.CLOSED : 0;
    this.dispatchEvent(new Event('error'));
  }
}

describe('listenToEvents', () => {
  let streams: ScriptedStream[];
  let states: StreamState[];
  let received: unknown[];

  beforeEach(() => {
    jest.useFakeTimers();
    [streams, states, received] = [[], [], []];
    const open = (): ScriptedStream => {
      const stream = new ScriptedStream();
      streams.push(stream);
      return stream;
    };
    listenToEvents(
      {
        onState: (state) => states.push(state),
        onDecisions: (decisions) => received.push(decisions),
        onMetrics: (metrics) => received.push(metrics),
        onEmulator: (settings) => received.push(settings),
      },
      open,
    );
  });

  afterEach(() => void jest.useRealTimers());

  it('passes well-formed events on and ignores others', () => {
    streams[0]?.dispatchEvent(new Event('open'));
    streams[0]?.send('decisions', [{ at: 1 }]);
    streams[0]?.send('decisions', { at: 1 });
    streams[0]?.send('metrics', { nothing: true });
    streams[0]?.send('coinflow', null);
    streams[0]?.send('coinflow', { condition: 'healthy', lifetimeSeconds: 20, clockOffsetMs: 0 });
    expect(states).toEqual(['connecting', 'live']);
    expect(received).toEqual([[{ at: 1 }], null, { condition: 'healthy', lifetimeSeconds: 20, clockOffsetMs: 0 }]);
  });

  it('lets the browser reconnect after a lost connection', () => {
    streams[0]?.fail({ isClosed: false });
    jest.advanceTimersByTime(60_000);
    expect(states.at(-1)).toBe('disconnected');
    expect(streams).toHaveLength(1);
  });

  it('reconnects after an error response with exponential backoff, which a success resets', () => {
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
