import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { MessageEvent } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { CoinflowAuthModule, CoinflowAuthService } from 'nestjs-coinflow-auth';
import { EMPTY, type Subscription } from 'rxjs';
import { RecordingLogger } from '../../../../test/harness/recording-logger.js';
import { DemoEvents } from './demo-events.js';
import { Emulator } from './emulator/emulator.js';

describe('DemoEvents', () => {
  let module: TestingModule;
  let service: CoinflowAuthService;
  let subscription: Subscription;
  let received: MessageEvent[];

  beforeEach(async () => {
    module = await Test.createTestingModule({
      imports: [CoinflowAuthModule.forRoot({ env: 'local', apiKey: 'key', merchantId: 'merchant' })],
      providers: [
        DemoEvents,
        { provide: Emulator, useValue: { settings: () => Promise.resolve(null), changes: EMPTY } },
      ],
    })
      .setLogger(new RecordingLogger())
      .compile();
    service = module.get(CoinflowAuthService);
    jest.useFakeTimers();
    received = [];
    subscription = module
      .get(DemoEvents)
      .stream()
      .subscribe((event) => received.push(event));
  });

  afterEach(async () => {
    subscription.unsubscribe();
    jest.useRealTimers();
    await module.close();
  });

  const eventsOf = (type: string): MessageEvent[] => received.filter((event) => event.type === type);
  const decide = (): Promise<unknown> => service.verifySessionKey('').catch(() => undefined);
  const sizes = (): number[] => eventsOf('decisions').map(({ data }) => (JSON.parse(String(data)) as unknown[]).length);

  it('sends decisions at most ten times a second, and metrics at most four times', async () => {
    for (let ms = 0; ms < 3_000; ms += 10) {
      await decide();
      jest.advanceTimersByTime(10);
    }
    expect(eventsOf('decisions')).toHaveLength(30);
    expect(eventsOf('metrics').length).toBeLessThanOrEqual(3 * 4 + 1);
    expect(eventsOf('metrics').length).toBeGreaterThan(6);
  });

  it('sends only heartbeats while there are no decisions', () => {
    expect(eventsOf('metrics')).toHaveLength(1);
    jest.advanceTimersByTime(60_000);
    expect(eventsOf('metrics')).toHaveLength(1);
    expect(eventsOf('decisions')).toEqual([]);
    expect(received.filter(({ comment }) => comment !== undefined)).toHaveLength(4);
  });

  it('sends at most 10,000 decisions of one tick', async () => {
    for (let i = 0; i < 10_001; i += 1) await decide();
    jest.advanceTimersByTime(100);
    expect(sizes()).toEqual([10_000]);
    await decide();
    jest.advanceTimersByTime(100);
    expect(sizes()).toEqual([10_000, 1]);
  });

  it('runs no timer and has no listener after the last subscriber leaves', () => {
    expect(jest.getTimerCount()).toBe(1);
    subscription.unsubscribe();
    expect(jest.getTimerCount()).toBe(0);

    const stop = jest.fn();
    jest.spyOn(service, 'onDecision').mockReturnValue(stop);
    module.get(DemoEvents).stream().subscribe().unsubscribe();
    expect(stop).toHaveBeenCalledTimes(1);
  });
});
