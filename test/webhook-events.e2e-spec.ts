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
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
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
import { CoinflowWebhookInterceptor } from '../libs/coinflow-auth/src/webhooks/receiving/coinflow-webhook.interceptor.js';
import { PLATFORMS, createTestApp, optionsFor, type TestApp } from './harness/create-test-app.js';
import {
  WEBHOOK_KEY,
  WebhookController,
  createWebhookApp,
  deliver,
  settled,
  type WebhookApp,
} from './harness/webhooks.js';

/** What ran, in order. */
const ran: [handler: string, event: CoinflowWebhookEvent][] = [];
/** What the handler of the name throws next. */
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

  // Overridden without the decorator: it is no handler any more, as with every decorator of Nest's.
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

let app: WebhookApp;
/** Applications beside it. */
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
const figures = (): unknown => app.app.get(CoinflowWebhooks).metrics();

describe.each(PLATFORMS)('events on %s', (platform) => {
  it('go to the handlers that are for them, and then to the route', async () => {
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
    expect(figures()).toMatchObject({ succeeded: 8, unhandled: 2, failed: 0 });
  });

  it('carry what was sent, fields that are in no type among it, and who they are', async () => {
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

  it('that succeeded are acknowledged, and do not run again', async () => {
    await start({ platform });
    await app.deliver(settled());
    const repeat = await app.deliver(settled(), { now: Date.now() - 3_600_000 });
    expect(repeat).toMatchObject({ status: 200, text: '' });
    expect(names()).toEqual(['settled', 'route']);
    expect(figures()).toMatchObject({ succeeded: 1, duplicates: 1 });
  });

  it('that arrive fifty times at once run once', async () => {
    await start({ platform });
    const answers = await Promise.all(Array.from({ length: 50 }, () => app.deliver(settled())));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(names()).toEqual(['settled', 'route']);
  });

  it('of a type that nobody is for reach the catch-all', async () => {
    await start({ platform, providers: [CatchAll], controllers: [WebhookController] });
    await app.deliver(event('Never Heard Of', 'Never Heard Of Either'));
    await app.deliver(event('Refund', 'Purchase'));
    expect(names()).toEqual(['all', 'all']);
    expect(figures()).toMatchObject({ unhandled: 0 });
  });

  it('are acknowledged and counted where there is none', async () => {
    await start({ platform, providers: [], controllers: [WebhookController] });
    expect((await app.deliver(event('Never Heard Of', 'Purchase'))).status).toBe(200);
    expect(figures()).toMatchObject({ succeeded: 1, unhandled: 1 });
  });

  it.each<[string, unknown, number]>([
    ['settled', new Error('no database'), 500],
    ['route', new Error('no database'), 500],
    ['settled', 'a text', 500],
    ['settled', undefined, 500],
    ['settled', new BadRequestException('mine'), 500],
    ['route', new HttpException('mine', 204), 500],
    ['settled', new ServiceUnavailableException('mine'), 503],
    ['settled', new CoinflowIssuanceDeniedError('mine', { reason: 'mine' }), 500],
  ])('that fail in %s with %p are a %i, and the next delivery runs', async (handler, failure, status) => {
    await start({ platform });
    failures.set(handler, failure);
    const failed = await app.deliver(settled());
    expect(failed.status).toBe(status);
    if (status === 500) expect(failed.text).not.toMatch(/database|mine|a text/);
    expect(await app.deliver(settled())).toMatchObject({ status: 200 });
    // A handler that has succeeded does not run again because the route has failed.
    expect(names()).toEqual(handler === 'route' ? ['settled', 'route', 'route'] : ['settled', 'settled', 'route']);
    const [first = 0, second = 0] = ran.filter(([name]) => name === handler).map(([, one]) => one.fencingToken);
    expect(second).toBeGreaterThan(first);
    const id = ran[0]?.[1].deliveryId;
    const lines = app.logger.at('error');
    expect(lines).toEqual([expect.stringContaining(`A handler failed (delivery ${id}, “Settled”)`)]);
    if (failure instanceof Error) expect(lines[0]).toContain(failure.stack);
    expect(figures()).toMatchObject({ failed: 1, succeeded: 1 });
  });

  it.each<[string, unknown]>([
    [
      'a stack',
      Object.defineProperty(new Error('mine'), 'stack', {
        get() {
          throw new Error('not readable');
        },
      }),
    ],
    ['a text', Object.create(null)],
  ])('that fail with what has no readable %s are logged, too', async (_, failure) => {
    await start({ platform });
    failures.set('settled', failure);
    expect((await app.deliver(settled())).status).toBe(500);
    expect(app.logger.at('error')).toEqual([expect.stringContaining('A handler failed')]);
    expect(figures()).toMatchObject({ failed: 1 });
  });

  it('are answered 503 while the store of deliveries is away', async () => {
    const away = (): Promise<never> => Promise.reject(new Error('ECONNREFUSED\n[Nest] forged'));
    const deliveries: DeliveryStore = { claim: away, renew: away, complete: away, release: away, forget: away };
    await start({ platform, webhook: { consumer: 'shop', deliveries } });
    expect(await app.deliver(settled())).toMatchObject({
      status: 503,
      body: { code: 'COINFLOW_WEBHOOK_STORE_UNAVAILABLE' },
      headers: { 'retry-after': '5' },
    });
    expect(ran).toEqual([]);
    expect(app.logger.at('error')).toEqual([expect.stringMatching(/STORE_UNAVAILABLE.*ECONNREFUSED \[Nest\] forged/)]);
    expect(figures()).toMatchObject({ storeUnavailable: 1, failed: 0 });
  });

  it('are answered 500 while the store of deliveries cannot work as it is configured', async () => {
    const wrong = (): Promise<never> =>
      Promise.reject(new CoinflowMisconfiguredError('The Redis is a cluster', { reason: 'mine', action: 'Pass one.' }));
    const deliveries: DeliveryStore = { claim: wrong, renew: wrong, complete: wrong, release: wrong, forget: wrong };
    await start({ platform, webhook: { deliveries, consumer: 'shop' } });
    expect(await app.deliver(settled())).toMatchObject({ status: 500, body: { code: 'COINFLOW_MISCONFIGURED' } });
    expect(ran).toEqual([]);
    expect(app.logger.at('error')).toEqual([
      expect.stringMatching(/The Redis is a cluster.*MISCONFIGURED.*Pass one\./),
    ]);
    expect(figures()).toMatchObject({ failed: 1, busy: 0 });
  });

  it('are answered 503 while another process runs them', async () => {
    const running = { claim: () => Promise.resolve({ state: 'running' as const }) };
    const nothing = (): Promise<never> => Promise.reject(new Error('not asked'));
    const deliveries: DeliveryStore = {
      ...running,
      renew: nothing,
      complete: nothing,
      release: nothing,
      forget: nothing,
    };
    await start({ platform, webhook: { consumer: 'shop', deliveries } });
    expect(await app.deliver(settled())).toMatchObject({
      status: 503,
      body: { code: 'COINFLOW_WEBHOOK_BUSY' },
      headers: { 'retry-after': '5' },
    });
    expect(app.logger.at('warn')).toEqual([expect.stringContaining('[COINFLOW_WEBHOOK_BUSY: running-elsewhere]')]);
    expect(figures()).toMatchObject({ busy: 1 });
  });

  it('run each time where deliveries are not remembered', async () => {
    await start({ platform, webhook: { deliveries: false } });
    await app.deliver(settled());
    await app.deliver(settled());
    expect(names()).toEqual(['settled', 'route', 'settled', 'route']);
    expect(ran[0]?.[1].fencingToken).toBe(0);
  });
});

describe('instances', () => {
  @Injectable()
  class OfBoth {
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

  it('have keys, deliveries and handlers of their own', async () => {
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
      providers: [OfBoth],
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

describe('handlers that could never run', () => {
  @Injectable({ scope: Scope.REQUEST })
  class RequestScoped extends Handlers {}

  @Injectable({ scope: Scope.TRANSIENT })
  class Transient extends Handlers {}

  @Injectable()
  class OfNobody {
    @OnCoinflowEvent({ instance: 'nobody' })
    handle(): void {}
  }

  it.each<[Type, string, string]>([
    [RequestScoped, 'RequestScoped.settled', 'handler-not-singleton'],
    [Transient, 'Transient.settled', 'handler-not-singleton'],
    [OfNobody, 'OfNobody.handle', 'instance-missing'],
  ])('are a boot error: %p', async (provider, where, reason) => {
    await start();
    const boot = async (): Promise<unknown> => others.push(await createTestApp({ providers: [provider] }));
    await expect(boot()).rejects.toMatchObject({ reason, message: expect.stringContaining(where) });
  });

  it.each([{ types: [] }, { types: [''] }, { types: 'Settled' }, { category: '' }, { instance: 5 }, ''])(
    '%j is no filter',
    async (filter) => {
      await start();
      expect(() => OnCoinflowEvent(filter as object)).toThrow(TypeError);
    },
  );
});

it('one object under two tokens handles an event once', async () => {
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

describe('mistakes in how an application uses webhooks', () => {
  @Controller('webhooks')
  class PastTheGuardController {
    @Post()
    @UseInterceptors(CoinflowWebhookInterceptor)
    receive(): void {
      ran.push(['route', {} as CoinflowWebhookEvent]);
    }
  }

  it('a route that is reached past the guard runs nothing', async () => {
    await start({ controllers: [PastTheGuardController] });
    expect(await app.deliver(settled())).toMatchObject({ status: 500, body: { code: 'COINFLOW_MISCONFIGURED' } });
    expect(names()).toEqual([]);
    expect(app.logger.at('error')).toEqual([
      expect.stringMatching(/PastTheGuardController.receive[^]*@CoinflowWebhook/),
    ]);
  });

  it.each(['ws', 'rpc', 'graphql'])('the guard refuses what it does not understand: %s', async (type) => {
    await start();
    const guard = new CoinflowWebhookGuard(app.app.get(ModuleRef), app.app.get(ModulesContainer));
    const context = { getType: () => type } as unknown as ExecutionContext;
    await expect(guard.canActivate(context)).rejects.toMatchObject({ status: 500 });
  });
});

it('the figures of a named instance can be injected, by its name', async () => {
  @Injectable()
  class Figures {
    constructor(
      @InjectCoinflowWebhooks('eu') readonly eu: CoinflowWebhooks,
      @InjectCoinflowWebhooks() readonly unnamed: CoinflowWebhooks,
    ) {}
  }
  await start();
  const eu = CoinflowAuthModule.forRoot({ ...optionsFor(app.coinflow), name: 'eu', webhook: { keys: 'eu-key' } });
  class Both {}
  const both = await createTestApp({
    providers: [Figures],
    register: (options) => ({ module: Both, imports: [CoinflowAuthModule.forRoot(options), eu] }),
  });
  others.push(both);
  const figuresOf = both.app.get(Figures);
  expect([figuresOf.eu.isConfigured, figuresOf.unnamed.isConfigured]).toEqual([true, false]);
  expect(figuresOf.unnamed).toBe(both.app.get(CoinflowWebhooks));
});
