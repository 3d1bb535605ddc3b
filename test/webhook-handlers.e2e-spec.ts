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

/** As many decorators do: the method is another function from here on, without the metadata of the first. */
const Replaced: MethodDecorator = (_target, name, descriptor: PropertyDescriptor) => {
  const original = descriptor.value as (...given: unknown[]) => unknown;
  descriptor.value = function (this: unknown, ...given: unknown[]): unknown {
    ran.push(`around ${String(name)}`);
    return original.apply(this, given);
  };
};

/** As decorators do that bind a method to its object. */
const Bound: MethodDecorator = (_target, _name, { value }: PropertyDescriptor) =>
  ({
    configurable: true,
    get(this: object): unknown {
      return (value as () => unknown).bind(this);
    },
  }) as never;

describe('the handlers of an event', () => {
  it('run one after the other, and none after one that fails', async () => {
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
    ['is subscribed', () => defer(() => from([ran.push('subscribed')])), 200, ['subscribed']],
    ['may give nothing', () => from([]), 200, []],
    ['is subscribed behind a promise', () => Promise.resolve(defer(() => of(ran.push('late')))), 200, ['late']],
    [
      'is waited for',
      () => new Observable((to) => void delay(1).then(() => (ran.push('done'), to.complete()))),
      200,
      ['done'],
    ],
    ['fails the delivery when it fails', () => throwError(() => new Error('failed')), 500, []],
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

  it('is subscribed where it is the route', async () => {
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

describe('a method that was replaced', () => {
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

  it('runs as the function that it is now, once', async () => {
    await start({ providers: [Handlers] });
    expect(await status()).toBe(200);
    expect(ran).toEqual([
      ...['around above', 'above', 'around below', 'below'],
      ...['around between', 'around between', 'between', 'bound', 'symbol'],
    ]);
  });

  it('runs where it is inherited, and not where it is overridden without the decorator', async () => {
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

  it('runs as what the object has put in its place', async () => {
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

  it('fails the delivery where it is no method any more', async () => {
    await start({ providers: [Handlers] });
    app.app.get<{ below: unknown }>(Handlers).below = undefined;
    expect(await status()).toBe(500);
    expect(app.logger.at('error')).toEqual([expect.stringContaining('Handlers.below handles events of Coinflow')]);
  });
});

describe('handlers of modules', () => {
  @Injectable()
  class Handlers {
    @OnCoinflowEvent('Settled')
    settled(): void {
      ran.push('settled');
    }
  }

  it('run once for each event where two modules provide the class', async () => {
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

  it('run each where a factory made two objects of the class', async () => {
    const providers = ['first', 'second'].map((provide) => ({ provide, useFactory: () => new Handlers() }));
    await start({ providers });
    expect(await status()).toBe(200);
    expect(ran).toEqual(['settled', 'settled']);
  });

  it('run from when their module is loaded', async () => {
    @Module({ providers: [Handlers] })
    class Lazy {}
    await start({});
    expect((await app.deliver(settled({ id: 'before' }))).status).toBe(200);
    expect(ran).toEqual([]);
    await app.app.get(LazyModuleLoader).load(() => Lazy);
    expect(await status()).toBe(200);
    expect(ran).toEqual(['settled']);
  });

  it('run from when a factory of their module has given them, however long that takes', async () => {
    let give: (handlers: Handlers) => void = () => undefined;
    const handlers = new Promise<Handlers>((resolve) => (give = resolve));
    @Module({ providers: [{ provide: 'late', useFactory: () => handlers }] })
    class Lazy {}
    await start({});
    const loading = app.app.get(LazyModuleLoader).load(() => Lazy);
    await new Promise(setImmediate);
    expect((await app.deliver(settled({ id: 'before' }))).status).toBe(200);
    give(new Handlers());
    await loading;
    expect(await status()).toBe(200);
    expect(ran).toEqual(['settled']);
  });

  it('fail every delivery where a module was loaded whose handler cannot be called', async () => {
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
