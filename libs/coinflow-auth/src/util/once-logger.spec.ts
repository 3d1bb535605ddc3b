import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { OnceLogger } from './once-logger.js';

describe('OnceLogger', () => {
  let warn: jest.SpiedFunction<Logger['warn']>;
  let error: jest.SpiedFunction<Logger['error']>;

  beforeEach(() => {
    jest.useFakeTimers();
    warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  });

  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it('logs the same line once', () => {
    const log = new OnceLogger();
    log.warn('a');
    log.warn('a');
    log.warn('b');
    log.error('c');
    log.error('c');
    expect(warn.mock.calls).toEqual([['a'], ['b']]);
    expect(error.mock.calls).toEqual([['c']]);
  });

  it('logs one line of each topic', () => {
    const log = new OnceLogger();
    log.warn('first', { topic: 'same' });
    log.warn('second', { topic: 'same' });
    expect(warn.mock.calls).toEqual([['first']]);
  });

  it('logs again when the time of the last line is over, and not before', () => {
    const log = new OnceLogger();
    const options = { topic: 'limit', forMs: 60_000 };
    log.warn('first', options);
    jest.advanceTimersByTime(59_999);
    log.warn('too early', options);
    jest.advanceTimersByTime(1);
    log.warn('again', options);
    expect(warn.mock.calls).toEqual([['first'], ['again']]);
  });

  it('drops lines about new topics when it is full, and logs about the known ones', () => {
    const log = new OnceLogger(1);
    log.warn('known', { forMs: 1 });
    log.warn('new');
    jest.advanceTimersByTime(1);
    log.warn('known', { forMs: 1 });
    expect(warn.mock.calls).toEqual([['known'], ['known']]);
  });
});
