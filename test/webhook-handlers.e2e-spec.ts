import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Injectable, Module, Post, Scope } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { CoinflowAuthModule, CoinflowWebhook, OnCoinflowEvent } from 'nestjs-coinflow-auth';
import { Observable, defer, from, of, throwError } from 'rxjs';
import { createWebhookApp, settled, type WebhookApp } from './harness/webhooks.js';

const ran: string[] = [];
let app: WebhookApp;

beforeEach(() => void (ran.length = 0));
afterEach(() => app.close());

async function start(options: Parameters<typeof createWebhookApp>[0]): Promise<WebhookApp> {
  return (app = await createWebhookApp(options));
}

const status = async (): Promise<number> => (await app.deliver(settled())).status;

/** Replaces the method by another function without its metadata, as many decorators do. */
const Replaced: MethodDecorator = (_target, name, descriptor: PropertyDescriptor) => {
  const original = descriptor.value as (...given: unknown[]) => unknown;
  descriptor.value = function (this: unknown, ...given: unknown[]): unknown {
    ran.push(`around ${String(name)}`);
    return original.apply(this, given);
  };
};

/** Replaces the method by a getter that binds it to its object, as some decorators do. */
const Bound: MethodDecorator = (_target, _name, { value }: PropertyDescriptor) =>
  ({
    configurable: true,
    get(this: object): unknown {
      return (value as () => unknown).bind(this);
    },
  }) as never;

describe('the handlers of an event', () => {
  it('runs handlers one after the other and stops after one that fails', async () => {
    @Injectable()
    class Handlers {
      @OnCoinflowEvent('Settled')
      async first(): Promise<void> {
        ran.push('first begins');
        await delay(5);
        ran.push('first ends');
      }

      @OnCoinflowEvent('Settled')
      async second(): Promise<void> {
        ran.push('second begins');
        await delay(5);
        throw new Error('failed');
      }

      @OnCoinflowEvent('Settled')
      third(): void {
        ran.push('third');
      }
    }
    await start({ providers: [Handlers] });
    expect(await status()).toBe(500);
    expect(ran).toEqual(['first begins', 'first ends', 'second begins']);
  });
});

describe('a handler that returns an observable', () => {
  it.each<[string, () => unknown, number, string[]]>([
    [
      'subscribes to the observable of a handler',
      () => defer(() => from([ran.push('subscribed')])),
      200,
      ['subscribed'],
    ],
    ['accepts an observable without values', () => from([]), 200, []],
    [
      'subscribes to an observable in a promise',
      () => Promise.resolve(defer(() => of(ran.push('late')))),
      200,
      ['late'],
    ],
    [
      'waits until an observable completes',
      () => new Observable((to) => void delay(1).then(() => (ran.push('done'), to.complete()))),
      200,
      ['done'],
    ],
    ['fails the delivery when an observable fails', () => throwError(() => new Error('failed')), 500, []],
  ])('%s', async (_, handle, expected, effects) => {
    @Injectable()
    class Handlers {
      @OnCoinflowEvent('Settled')
      settled(): unknown {
        return handle();
      }
    }
    await start({ providers: [Handlers] });
    expect(await status()).toBe(expected);
    expect(ran).toEqual(effects);
  });

  it('subscribes to the observable of a route', async () => {
    @Controller('webhooks')
    class ObservableController {
      @Post()
      @CoinflowWebhook()
      receive(): Observable<number> {
        return defer(() => of(ran.push('subscribed')));
      }
    }
    await start({ controllers: [ObservableController] });
    expect(await app.deliver(settled())).toMatchObject({ status: 200, text: '1' });
    expect(ran).toEqual(['subscribed']);
  });
});

describe('a handler method that was replaced', () => {
  const SYMBOL = Symbol('settled');

  @Injectable()
  class Handlers {
    @Replaced
    @OnCoinflowEvent('Settled')
    above(): void {
      ran.push('above');
    }

    @OnCoinflowEvent('Settled')
    @Replaced
    below(): void {
      ran.push('below');
    }

    @Replaced
    @OnCoinflowEvent('Settled')
    @Replaced
    @OnCoinflowEvent('Refund')
    between(): void {
      ran.push('between');
    }

    @Bound
    @OnCoinflowEvent('Settled')
    bound(): void {
      ran.push(this instanceof Handlers ? 'bound' : 'unbound');
    }

    @OnCoinflowEvent('Settled')
    [SYMBOL](): void {
      ran.push('symbol');
    }
  }

  it('runs the current function of a handler method once', async () => {
    await start({ providers: [Handlers] });
    expect(await status()).toBe(200);
    expect(ran).toEqual([
      ...['around above', 'above', 'around below', 'below'],
      ...['around between', 'around between', 'between', 'bound', 'symbol'],
    ]);
  });

  it('runs inherited handlers, but no override without the decorator', async () => {
    @Injectable()
    class Inheriting extends Handlers {
      override above(): void {
        ran.push('override');
      }
      override below(): void {}
      override bound(): void {}
    }
    await start({ providers: [Inheriting] });
    expect(await status()).toBe(200);
    expect(ran).toEqual(['around between', 'around between', 'between', 'symbol']);
  });

  it('runs the function that the constructor has assigned to a handler method', async () => {
    @Injectable()
    class Own {
      constructor() {
        this.settled = () => void ran.push('own');
      }

      @OnCoinflowEvent('Settled')
      settled(): void {}
    }
    await start({ providers: [Own] });
    expect(await status()).toBe(200);
    expect(ran).toEqual(['own']);
  });

  it('fails the delivery when a handler is no longer a method', async () => {
    await start({ providers: [Handlers] });
    app.app.get<{ below: unknown }>(Handlers).below = undefined;
    expect(await status()).toBe(500);
    expect(app.logger.at('error')).toEqual([
      expect.stringContaining('Handlers.below is decorated with @OnCoinflowEvent()'),
    ]);
  });
});

describe('handlers in modules', () => {
  @Injectable()
  class Handlers {
    @OnCoinflowEvent('Settled')
    settled(): void {
      ran.push('settled');
    }
  }

  it('runs a handler once for each event when two modules provide its class', async () => {
    @Module({ providers: [Handlers] })
    class First {}
    @Module({ providers: [Handlers, { provide: 'another token', useClass: Handlers }] })
    class Second {}
    class Shop {}
    await start({
      register: (options) => ({ module: Shop, imports: [CoinflowAuthModule.forRoot(options), First, Second] }),
    });
    expect(await status()).toBe(200);
    expect(ran).toEqual(['settled']);
  });

  it('runs the handlers of both objects that a factory creates', async () => {
    const providers = ['first', 'second'].map((provide) => ({ provide, useFactory: () => new Handlers() }));
    await start({ providers });
    expect(await status()).toBe(200);
    expect(ran).toEqual(['settled', 'settled']);
  });

  it('runs the handlers of a lazily loaded module', async () => {
    @Module({ providers: [Handlers] })
    class Lazy {}
    await start({});
    expect((await app.deliver(settled({ id: 'before' }))).status).toBe(200);
    expect(ran).toEqual([]);
    await app.app.get(LazyModuleLoader).load(() => Lazy);
    expect(await status()).toBe(200);
    expect(ran).toEqual(['settled']);
  });

  it('counts an event as succeeded when a new handler runs it, although its route is a duplicate', async () => {
    @Module({ providers: [Handlers] })
    class Lazy {}
    await start({});
    expect(await status()).toBe(200);
    await app.app.get(LazyModuleLoader).load(() => Lazy);
    expect(await status()).toBe(200);
    expect(ran).toEqual(['settled']);
    expect(app.webhookMetrics()).toMatchObject({ succeeded: 2, duplicates: 0 });
  });

  it('runs the handlers of a slow factory in a lazily loaded module', async () => {
    let provide: (handlers: Handlers) => void = () => undefined;
    const handlers = new Promise<Handlers>((resolve) => (provide = resolve));
    @Module({ providers: [{ provide: 'late', useFactory: () => handlers }] })
    class Lazy {}
    await start({});
    const loading = app.app.get(LazyModuleLoader).load(() => Lazy);
    await new Promise(setImmediate);
    expect((await app.deliver(settled({ id: 'before' }))).status).toBe(200);
    provide(new Handlers());
    await loading;
    expect(await status()).toBe(200);
    expect(ran).toEqual(['settled']);
  });

  it('fails every delivery after loading a module whose handler can never be called', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class RequestScoped extends Handlers {}
    @Module({ providers: [RequestScoped] })
    class Lazy {}
    await start({});
    await app.app.get(LazyModuleLoader).load(() => Lazy);
    expect([await status(), await status()]).toEqual([500, 500]);
    expect(app.logger.at('error')[0]).toMatch(
      /RequestScoped\.settled.*handler-not-singleton.*Make the class a singleton/,
    );
  });
});
