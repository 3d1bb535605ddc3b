import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { lastValueFrom } from 'rxjs';
import { DroppedEvent, DroppedEventFilter } from './dropped-event.js';

const filter = new DroppedEventFilter();

afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

describe('DroppedEventFilter', () => {
  it('ends the call with a value, which Kafka requires', async () => {
    jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const ended = filter.catch(new DroppedEvent('COINFLOW_SESSION_KEY_MISSING', 'Orders.ended'));
    await expect(lastValueFrom(ended)).resolves.toBeUndefined();
  });

  it('logs one line a minute about a handler and a code', () => {
    jest.useFakeTimers();
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const drop = (code: DroppedEvent['code'], handler: string): unknown =>
      filter.catch(new DroppedEvent(code, handler));
    drop('COINFLOW_SESSION_KEY_MISSING', 'Orders.one');
    drop('COINFLOW_SESSION_KEY_MISSING', 'Orders.one');
    drop('COINFLOW_SESSION_KEY_MISSING', 'Orders.two');
    drop('COINFLOW_SESSION_KEY_EXPIRED', 'Orders.two');
    expect(warn).toHaveBeenCalledTimes(3);
    jest.advanceTimersByTime(59_999);
    drop('COINFLOW_SESSION_KEY_MISSING', 'Orders.one');
    expect(warn).toHaveBeenCalledTimes(3);
    jest.advanceTimersByTime(1);
    drop('COINFLOW_SESSION_KEY_MISSING', 'Orders.one');
    expect(warn).toHaveBeenLastCalledWith(
      expect.stringContaining('Orders.one is dropped [COINFLOW_SESSION_KEY_MISSING]'),
    );
    expect(warn).toHaveBeenCalledTimes(4);
  });
});

describe('DroppedEvent', () => {
  it('is recognised across copies of the package', () => {
    const ofAnotherCopy = { [Symbol.for('nestjs-coinflow-auth:dropped-event')]: true };
    expect(ofAnotherCopy).toBeInstanceOf(DroppedEvent);
    expect(new Error()).not.toBeInstanceOf(DroppedEvent);
    expect(null).not.toBeInstanceOf(DroppedEvent);
  });
});
