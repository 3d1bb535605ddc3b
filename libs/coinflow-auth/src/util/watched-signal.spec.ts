import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, jest } from '@jest/globals';
import { watchedSignal } from './watched-signal.js';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Collects garbage until a condition is true, or for a while. */
async function collect(isSo: () => boolean = () => false): Promise<void> {
  for (let round = 0; round < 30 && !isSo(); round += 1) {
    gc();
    await setTimeout(5);
  }
}

/** What is watched: it can be ended, and it counts who has stopped. */
class Watched {
  stopped = 0;
  end: (reason: unknown) => void = () => undefined;

  watch = (abort: (reason: unknown) => void): (() => void) => {
    this.end = abort;
    return () => void (this.stopped += 1);
  };
}

describe('watchedSignal()', () => {
  it('is aborted with the reason', () => {
    const watched = new Watched();
    const signal = watchedSignal(watched.watch);
    expect(signal.aborted).toBe(false);
    watched.end('over');
    expect(signal).toMatchObject({ aborted: true, reason: 'over' });
  });

  it('is aborted already when what it watches has ended', () => {
    const signal = watchedSignal((abort) => {
      abort('over');
      return () => undefined;
    });
    expect(signal).toMatchObject({ aborted: true, reason: 'over' });
  });

  it('stops watching when nobody refers to it, although what it watches lives on', async () => {
    const watched = new Watched();
    watchedSignal(watched.watch);
    await collect(() => watched.stopped > 0);
    expect(watched.stopped).toBe(1);
    watched.end('over');
  });

  it('calls a listener although nobody refers to it', async () => {
    const watched = new Watched();
    const listener = jest.fn();
    watchedSignal(watched.watch).addEventListener('abort', () => listener());
    await collect();
    expect(watched.stopped).toBe(0);
    watched.end('over');
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('goes on watching while somebody refers to it', async () => {
    const watched = new Watched();
    const holder = { signal: watchedSignal(watched.watch) };
    await collect();
    watched.end('over');
    expect(holder.signal.aborted).toBe(true);
    expect(watched.stopped).toBe(0);
  });

  it('stops watching when its listener has been removed', async () => {
    const watched = new Watched();
    const listen = (): void => {
      const signal = watchedSignal(watched.watch);
      const listener = (): void => undefined;
      signal.addEventListener('abort', listener);
      signal.removeEventListener('abort', listener);
    };
    listen();
    await collect(() => watched.stopped > 0);
    expect(watched.stopped).toBe(1);
  });
});
