import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { MessageEvent } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { CoinflowAuthModule, CoinflowAuthService } from 'nestjs-coinflow-auth';
import { EMPTY, type Subscription } from 'rxjs';
import { RecordingLogger } from '../../../../test/harness/recording-logger.js';
import { DemoEvents } from './demo-events.js';
import { CoinflowSwitches } from './emulator/coinflow-switches.js';

describe('the events of the start page', () => {
  let module: TestingModule;
  let service: CoinflowAuthService;
  let listening: Subscription;
  let heard: MessageEvent[];

  beforeEach(async () => {
    module = await Test.createTestingModule({
      imports: [CoinflowAuthModule.forRoot({ env: 'local', apiKey: 'key', merchantId: 'merchant' })],
      providers: [
        DemoEvents,
        { provide: CoinflowSwitches, useValue: { current: () => Promise.resolve(null), changes: EMPTY } },
      ],
    })
      .setLogger(new RecordingLogger())
      .compile();
    service = module.get(CoinflowAuthService);
    jest.useFakeTimers();
    heard = [];
    listening = module
      .get(DemoEvents)
      .stream()
      .subscribe((event) => heard.push(event));
  });

  afterEach(async () => {
    listening.unsubscribe();
    jest.useRealTimers();
    await module.close();
  });

  const said = (type: string): MessageEvent[] => heard.filter((event) => event.type === type);
  const decide = (): Promise<unknown> => service.verifySessionKey('').catch(() => undefined);
  const sizes = (): number[] => said('decisions').map(({ data }) => (JSON.parse(String(data)) as unknown[]).length);

  it('decisions come ten times a second at most, figures four times', async () => {
    for (let ms = 0; ms < 3_000; ms += 10) {
      await decide();
      jest.advanceTimersByTime(10);
    }
    expect(said('decisions')).toHaveLength(30);
    expect(said('figures').length).toBeLessThanOrEqual(3 * 4 + 1);
    expect(said('figures').length).toBeGreaterThan(6);
  });

  it('nothing is said while nothing happens, but that the stream is alive', () => {
    expect(said('figures')).toHaveLength(1);
    jest.advanceTimersByTime(60_000);
    expect(said('figures')).toHaveLength(1);
    expect(said('decisions')).toEqual([]);
    expect(heard.filter(({ comment }) => comment !== undefined)).toHaveLength(4);
  });

  it('a flood between two ticks is told up to a bound', async () => {
    for (let i = 0; i < 10_001; i += 1) await decide();
    jest.advanceTimersByTime(100);
    expect(sizes()).toEqual([10_000]);
    await decide();
    jest.advanceTimersByTime(100);
    expect(sizes()).toEqual([10_000, 1]);
  });

  it('nothing runs once nobody listens', () => {
    expect(jest.getTimerCount()).toBe(1);
    listening.unsubscribe();
    expect(jest.getTimerCount()).toBe(0);

    const stop = jest.fn();
    jest.spyOn(service, 'onDecision').mockReturnValue(stop);
    module.get(DemoEvents).stream().subscribe().unsubscribe();
    expect(stop).toHaveBeenCalledTimes(1);
  });
});
