import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  BadRequestException,
  Controller,
  HttpException,
  Injectable,
  Post,
  Scope,
  ServiceUnavailableException,
  UseInterceptors,
  ValidationPipe,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { Equals, IsObject } from 'class-validator';
import {
  CoinflowAuthModule,
  CoinflowEvent,
  CoinflowIssuanceDeniedError,
  CoinflowMisconfiguredError,
  CoinflowWebhook,
  CoinflowWebhookGuard,
  CoinflowWebhooks,
  InjectCoinflowWebhooks,
  OnCoinflowEvent,
  isCoinflowEvent,
  type CoinflowWebhookEvent,
  type DeliveryStore,
} from 'nestjs-coinflow-auth';
import { AcknowledgeWebhookInterceptor } from '../libs/coinflow-auth/src/webhooks/acknowledge-webhook.interceptor.js';
import { PLATFORMS, createTestApp, optionsFor, type TestApp } from './harness/create-test-app.js';
import {
  WEBHOOK_KEY,
  WebhookController,
  createWebhookApp,
  deliver,
  settled,
  type WebhookApp,
} from './harness/webhooks.js';

/** The handlers that ran, in order. */
const ran: [handler: string, event: CoinflowWebhookEvent][] = [];
/** What the handler of that name throws next. */
const failures = new Map<string, unknown>();

function run(handler: string, event: CoinflowWebhookEvent): void {
  ran.push([handler, event]);
  if (!failures.has(handler)) return;
  const failure = failures.get(handler);
  failures.delete(handler);
  throw failure;
}

@Injectable()
class Handlers {
  @OnCoinflowEvent('Settled')
  async settled(event: CoinflowWebhookEvent<'Settled'>): Promise<void> {
    await Promise.resolve();
    run('settled', event);
  }

  @OnCoinflowEvent('Refund', 'Refund Complete')
  refunds(event: CoinflowWebhookEvent<'Refund' | 'Refund Complete'>): void {
    run('refunds', event);
  }

  @OnCoinflowEvent({ category: 'Subscription' })
  subscriptions(event: CoinflowWebhookEvent): void {
    run('subscriptions', event);
  }

  @OnCoinflowEvent({ types: ['Settled'], category: 'Marketplace' })
  neither(event: CoinflowWebhookEvent): void {
    run('neither', event);
  }

  @OnCoinflowEvent('KYC Success')
  @OnCoinflowEvent('KYC Failure')
  @OnCoinflowEvent({ category: 'KYC' })
  stacked(event: CoinflowWebhookEvent): void {
    run('stacked', event);
  }
}

@Injectable()
class CatchAll extends Handlers {
  @OnCoinflowEvent()
  all(event: CoinflowWebhookEvent): void {
    run('all', event);
  }

  // Overridden without the decorator, so it is not a handler, as with Nest's own decorators.
  override refunds(): void {}
}

@Controller('webhooks')
class RouteController {
  @Post()
  @CoinflowWebhook()
  receive(@CoinflowEvent() event: CoinflowWebhookEvent): { received: string } {
    run('route', event);
    return { received: event.eventType };
  }
}

/** What the application calculates with. */
class SettledDto {
  @Equals('Settled')
  readonly eventType!: string;

  @IsObject()
  readonly data!: object;
}

@Controller('webhooks')
class ValidatedController {
  @Post()
  @CoinflowWebhook()
  receive(
    @CoinflowEvent(new ValidationPipe({ validateCustomDecorators: true, transform: true })) event: SettledDto,
  ): object {
    return { isDto: event instanceof SettledDto, data: event.data };
  }
}

let app: WebhookApp;
/** Other applications of a test. */
const others: TestApp[] = [];

beforeEach(() => {
  ran.length = 0;
  failures.clear();
});

afterEach(async () => {
  await app.close();
  for (const other of others.splice(0)) await other.close();
});

async function start(options: Parameters<typeof createWebhookApp>[0] = {}): Promise<WebhookApp> {
  return (app = await createWebhookApp({ providers: [Handlers], controllers: [RouteController], ...options }));
}

const names = (): string[] => ran.map(([name]) => name);
const event = (eventType: string, category: string, data: object = {}): object => ({
  eventType,
  category,
  created: new Date().toISOString(),
  data,
});

describe.each(PLATFORMS)('webhook events on %s', (platform) => {
  it('runs the matching handlers of an event and then the route', async () => {
    await start({ platform });
    expect(await app.deliver(settled())).toMatchObject({ status: 200, body: { received: 'Settled' } });
    expect(names()).toEqual(['settled', 'route']);
    ran.length = 0;
    for (const [type, category] of [
      ['Refund', 'Purchase'],
      ['Refund Complete', 'Purchase'],
      ['Refund Failure', 'Purchase'],
      ['Subscription Created', 'Subscription'],
      ['Subscription Paused', 'Subscription'],
      ['KYC Success', 'KYC'],
      ['settled', 'purchase'],
    ] as const) {
      expect((await app.deliver(event(type, category))).status).toBe(200);
    }
    const handlers = ['refunds', 'refunds', 'subscriptions', 'subscriptions', 'stacked'];
    expect(names().filter((name) => name !== 'route')).toEqual(handlers);
    expect(names().filter((name) => name === 'route')).toHaveLength(7);
    expect(app.webhookMetrics()).toMatchObject({ succeeded: 8, unhandled: 2, failed: 0 });
  });

  it('passes all data of an event to handlers and route, including unknown fields', async () => {
    await start({ platform });
    const sent = settled({ novel: [1, { deep: true }] }, { version: 4 });
    await app.deliver(sent);
    const [[, received] = []] = ran;
    expect(received).toMatchObject({ eventType: 'Settled', category: 'Purchase', created: '2026-01-01T00:00:00.000Z' });
    expect(received?.data).toEqual((sent as { data: object }).data);
    expect(received?.deliveryId).toMatch(/^[\w-]{43}$/);
    expect(received).toMatchObject({ fencingToken: expect.any(Number), signal: expect.any(AbortSignal) });
    const [, [, ofRoute] = []] = ran;
    expect(ofRoute).toMatchObject({ data: received?.data, deliveryId: received?.deliveryId });
    expect(received && isCoinflowEvent(received, 'Settled')).toBe(true);
    expect(received && isCoinflowEvent(received, 'Refund', 'Refund Complete')).toBe(false);
  });

  it('validates the event as a class with a ValidationPipe', async () => {
    await start({ platform, controllers: [ValidatedController] });
    const sent = settled();
    expect(await app.deliver(sent)).toMatchObject({
      status: 200,
      body: { isDto: true, data: (sent as { data: object }).data },
    });
    expect((await app.deliver(event('KYC Success', 'KYC'))).status).toBe(500);
  });

  it('acknowledges a duplicate of a succeeded event without running it again', async () => {
    await start({ platform });
    await app.deliver(settled());
    const duplicate = await app.deliver(settled(), { now: Date.now() - 3_600_000 });
    expect(duplicate).toMatchObject({ status: 200, text: '' });
    expect(names()).toEqual(['settled', 'route']);
    expect(app.webhookMetrics()).toMatchObject({ succeeded: 1, duplicates: 1 });
  });

  it('runs an event once that arrives fifty times at the same time', async () => {
    await start({ platform });
    const answers = await Promise.all(Array.from({ length: 50 }, () => app.deliver(settled())));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(names()).toEqual(['settled', 'route']);
  });

  it('runs a handler without a filter for events without a specific handler', async () => {
    await start({ platform, providers: [CatchAll], controllers: [WebhookController] });
    await app.deliver(event('Never Heard Of', 'Never Heard Of Either'));
    await app.deliver(event('Refund', 'Purchase'));
    expect(names()).toEqual(['all', 'all']);
    expect(app.webhookMetrics()).toMatchObject({ unhandled: 0 });
  });

  it('acknowledges and counts events without a handler', async () => {
    await start({ platform, providers: [], controllers: [WebhookController] });
    expect((await app.deliver(event('Never Heard Of', 'Purchase'))).status).toBe(200);
    expect(app.webhookMetrics()).toMatchObject({ succeeded: 1, unhandled: 1 });
  });

  it.each<[string, unknown, number]>([
    ['settled', new Error('no database'), 500],
    ['route', new Error('no database'), 500],
    ['settled', 'a string', 500],
    ['settled', undefined, 500],
    ['settled', new BadRequestException('mine'), 500],
    ['route', new HttpException('mine', 204), 500],
    ['settled', new ServiceUnavailableException('mine'), 503],
    ['settled', new CoinflowIssuanceDeniedError('mine', { reason: 'mine' }), 500],
  ])('answers a failure in %s with %p by %i and runs the next delivery', async (handler, failure, status) => {
    await start({ platform });
    failures.set(handler, failure);
    const failed = await app.deliver(settled());
    expect(failed.status).toBe(status);
    if (status === 500) expect(failed.text).not.toMatch(/database|mine|a string/);
    expect(await app.deliver(settled())).toMatchObject({ status: 200 });
    // A handler that has succeeded does not run again because the route has failed.
    expect(names()).toEqual(handler === 'route' ? ['settled', 'route', 'route'] : ['settled', 'settled', 'route']);
    const [first = 0, second = 0] = ran.filter(([name]) => name === handler).map(([, one]) => one.fencingToken);
    expect(second).toBeGreaterThan(first);
    const id = ran[0]?.[1].deliveryId;
    const lines = app.logger.at('error');
    expect(lines).toEqual([expect.stringContaining(`A webhook handler failed (delivery ${id}, "Settled")`)]);
    if (failure instanceof Error) expect(lines[0]).toContain(failure.stack);
    expect(app.webhookMetrics()).toMatchObject({ failed: 1, succeeded: 1 });
  });

  it.each<[string, unknown]>([
    [
      'stack',
      Object.defineProperty(new Error('mine'), 'stack', {
        get() {
          throw new Error('not readable');
        },
      }),
    ],
    ['message', Object.create(null)],
  ])('logs a failed event when the thrown value has no readable %s', async (_, failure) => {
    await start({ platform });
    failures.set('settled', failure);
    expect((await app.deliver(settled())).status).toBe(500);
    expect(app.logger.at('error')).toEqual([expect.stringContaining('A webhook handler failed')]);
    expect(app.webhookMetrics()).toMatchObject({ failed: 1 });
  });

  it('answers 503 while the delivery store is unavailable', async () => {
    const fail = (): Promise<never> => Promise.reject(new Error('ECONNREFUSED\n[Nest] forged'));
    const deliveries: DeliveryStore = { claim: fail, renew: fail, complete: fail, release: fail, forget: fail };
    await start({ platform, webhook: { consumer: 'shop', deliveries } });
    expect(await app.deliver(settled())).toMatchObject({
      status: 503,
      body: { code: 'COINFLOW_WEBHOOK_STORE_UNAVAILABLE' },
      headers: { 'retry-after': '5' },
    });
    expect(ran).toEqual([]);
    expect(app.logger.at('error')).toEqual([expect.stringMatching(/STORE_UNAVAILABLE.*ECONNREFUSED \[Nest\] forged/)]);
    expect(app.webhookMetrics()).toMatchObject({ storeUnavailable: 1, failed: 0 });
  });

  it('answers 500 while the delivery store is misconfigured', async () => {
    const fail = (): Promise<never> =>
      Promise.reject(new CoinflowMisconfiguredError('The Redis is a cluster', { reason: 'mine', action: 'Pass one.' }));
    const deliveries: DeliveryStore = { claim: fail, renew: fail, complete: fail, release: fail, forget: fail };
    await start({ platform, webhook: { deliveries, consumer: 'shop' } });
    expect(await app.deliver(settled())).toMatchObject({ status: 500, body: { code: 'COINFLOW_MISCONFIGURED' } });
    expect(ran).toEqual([]);
    expect(app.logger.at('error')).toEqual([
      expect.stringMatching(/The Redis is a cluster.*MISCONFIGURED.*Pass one\./),
    ]);
    expect(app.webhookMetrics()).toMatchObject({ failed: 1, busy: 0 });
  });

  it('answers 503 within five seconds while another replica runs the same delivery', async () => {
    const running = { claim: () => Promise.resolve({ state: 'running' as const }) };
    const unexpected = (): Promise<never> => Promise.reject(new Error('unexpected call'));
    const deliveries: DeliveryStore = {
      ...running,
      renew: unexpected,
      complete: unexpected,
      release: unexpected,
      forget: unexpected,
    };
    await start({ platform, webhook: { consumer: 'shop', deliveries } });
    const sentAt = performance.now();
    expect(await app.deliver(settled())).toMatchObject({
      status: 503,
      body: { code: 'COINFLOW_WEBHOOK_BUSY' },
      headers: { 'retry-after': '5' },
    });
    expect(performance.now() - sentAt).toBeLessThan(5_000);
    expect(app.logger.at('warn')).toEqual([expect.stringContaining('[COINFLOW_WEBHOOK_BUSY: running-elsewhere]')]);
    expect(app.webhookMetrics()).toMatchObject({ busy: 1 });
  });

  it('runs every delivery where deliveries are not recorded', async () => {
    await start({ platform, webhook: { deliveries: false } });
    await app.deliver(settled());
    await app.deliver(settled());
    expect(names()).toEqual(['settled', 'route', 'settled', 'route']);
    expect(ran[0]?.[1].fencingToken).toBe(0);
  });
});

describe('named instances', () => {
  @Injectable()
  class HandlersOfBoth {
    @OnCoinflowEvent('Settled')
    unnamed(event: CoinflowWebhookEvent): void {
      run('unnamed', event);
    }

    @OnCoinflowEvent({ types: ['Settled'], instance: 'eu' })
    eu(event: CoinflowWebhookEvent): void {
      run('eu', event);
    }
  }

  @Controller('webhooks')
  class BothController {
    @Post()
    @CoinflowWebhook()
    unnamed(): void {}

    @Post('eu')
    @CoinflowWebhook({ instance: 'eu' })
    eu(): void {}
  }

  it('uses the keys, deliveries and handlers of the instance that a route names', async () => {
    await start({ controllers: [WebhookController], providers: [] });
    const eu = CoinflowAuthModule.forRoot({
      ...optionsFor(app.coinflow),
      merchantId: 'eu-merchant',
      name: 'eu',
      webhook: { keys: 'eu-key' },
    });
    class Both {}
    const both = await createTestApp({
      rawBody: true,
      controllers: [BothController],
      providers: [HandlersOfBoth],
      options: { webhook: { keys: WEBHOOK_KEY } },
      register: (options) => ({ module: Both, imports: [CoinflowAuthModule.forRoot(options), eu] }),
    });
    others.push(both);
    const to = (path: string, key: string): Promise<number> =>
      deliver(both.url + path, settled(), { key }).then(({ status }) => status);
    expect(await to('/webhooks', WEBHOOK_KEY)).toBe(200);
    expect(await to('/webhooks/eu', WEBHOOK_KEY)).toBe(401);
    expect(await to('/webhooks/eu', 'eu-key')).toBe(200);
    expect(names()).toEqual(['unnamed', 'eu']);
  });
});

describe('handlers that can never run', () => {
  @Injectable({ scope: Scope.REQUEST })
  class RequestScoped extends Handlers {}

  @Injectable({ scope: Scope.TRANSIENT })
  class Transient extends Handlers {}

  @Injectable()
  class OfUnknownInstance {
    @OnCoinflowEvent({ instance: 'unknown' })
    handle(): void {}
  }

  it.each<[Type, string, string]>([
    [RequestScoped, 'RequestScoped.settled', 'handler-not-singleton'],
    [Transient, 'Transient.settled', 'handler-not-singleton'],
    [OfUnknownInstance, 'OfUnknownInstance.handle', 'instance-missing'],
  ])('rejects the startup with a handler that can never run: %p', async (provider, where, reason) => {
    await start();
    const startWith = async (): Promise<unknown> => others.push(await createTestApp({ providers: [provider] }));
    await expect(startWith()).rejects.toMatchObject({ reason, message: expect.stringContaining(where) });
  });

  it.each([{ types: [] }, { types: [''] }, { types: 'Settled' }, { category: '' }, { instance: 5 }, ''])(
    'throws a TypeError for the invalid filter %j',
    async (filter) => {
      await start();
      expect(() => OnCoinflowEvent(filter as object)).toThrow(TypeError);
    },
  );
});

it('runs the handler of an object once that two tokens provide', async () => {
  await start({
    providers: [
      Handlers,
      { provide: 'alias', useExisting: Handlers },
      { provide: 'same', useFactory: (one: Handlers) => one, inject: [Handlers] },
    ],
  });
  await app.deliver(settled());
  expect(names()).toEqual(['settled', 'route']);
});

describe('incorrect use of the webhook guard and interceptor', () => {
  @Controller('webhooks')
  class WithoutGuardController {
    @Post()
    @UseInterceptors(AcknowledgeWebhookInterceptor)
    receive(): void {
      ran.push(['route', {} as CoinflowWebhookEvent]);
    }
  }

  it('does not run a route that has the interceptor but not the guard', async () => {
    await start({ controllers: [WithoutGuardController] });
    expect(await app.deliver(settled())).toMatchObject({ status: 500, body: { code: 'COINFLOW_MISCONFIGURED' } });
    expect(names()).toEqual([]);
    expect(app.logger.at('error')).toEqual([
      expect.stringMatching(/WithoutGuardController.receive[^]*@CoinflowWebhook/),
    ]);
  });

  it.each(['ws', 'rpc', 'graphql'])('rejects a context that the guard does not support: %s', async (type) => {
    await start();
    const guard = new CoinflowWebhookGuard(app.app.get(ModuleRef), app.app.get(ModulesContainer));
    const context = { getType: () => type } as unknown as ExecutionContext;
    await expect(guard.canActivate(context)).rejects.toMatchObject({ status: 500 });
  });
});

it('injects the webhooks service of a named instance by its name', async () => {
  @Injectable()
  class Services {
    constructor(
      @InjectCoinflowWebhooks('eu') readonly eu: CoinflowWebhooks,
      @InjectCoinflowWebhooks() readonly unnamed: CoinflowWebhooks,
    ) {}
  }
  await start();
  const eu = CoinflowAuthModule.forRoot({ ...optionsFor(app.coinflow), name: 'eu', webhook: { keys: 'eu-key' } });
  class Both {}
  const both = await createTestApp({
    providers: [Services],
    register: (options) => ({ module: Both, imports: [CoinflowAuthModule.forRoot(options), eu] }),
  });
  others.push(both);
  const services = both.app.get(Services);
  expect([services.eu.isConfigured, services.unnamed.isConfigured]).toEqual([true, false]);
  expect(services.unnamed).toBe(both.app.get(CoinflowWebhooks));
});
