import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Injectable, Post, type Type, UseGuards } from '@nestjs/common';
import {
  CoinflowAuth,
  CoinflowAuthModule,
  CoinflowOptional,
  CoinflowPublic,
  CoinflowWebhook,
  OnCoinflowEvent,
  type CoinflowAuthModuleOptions,
  CoinflowWebhookGuard,
} from 'nestjs-coinflow-auth';
import { createTestApp, moduleOf, unseenKey, type TestApp, type TestAppOptions } from './harness/create-test-app.js';
import { Replaced } from './harness/replaced.js';
import { WebhookController, createWebhookApp, settled } from './harness/webhooks.js';

const MISSING = { status: 401, body: { code: 'COINFLOW_SESSION_KEY_MISSING' } };

let app: TestApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function start(options: TestAppOptions): Promise<TestApp> {
  return (app = await createTestApp(options));
}

/** Replaces the method by a function with the same metadata, as careful decorators do. */
const Wrapped: MethodDecorator = (target, name, descriptor: PropertyDescriptor) => {
  const original = descriptor.value as object;
  Replaced(target, name, descriptor);
  for (const key of Reflect.getMetadataKeys(original) as symbol[]) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, original), descriptor.value as object);
  }
};

describe('the check of route policies at startup', () => {
  const misconfigured = (reason: string, ...parts: string[]): object => ({
    code: 'COINFLOW_MISCONFIGURED',
    reason,
    message: expect.stringMatching(new RegExp(parts.join('[^]*'))),
    action: expect.any(String),
  });

  class ReplacedByDecorator {
    @Get('route')
    @Replaced
    @CoinflowAuth()
    route(): string {
      return 'in';
    }
  }

  class ReplacedInConstructor {
    constructor() {
      this.route = this.route.bind(this);
    }

    @Get('route')
    @CoinflowAuth()
    route(): string {
      return 'in';
    }
  }

  class OptionalReplaced {
    @Get('route')
    @Replaced
    @CoinflowOptional()
    route(): void {}
  }

  class PublicReplaced {
    @Get('route')
    @Replaced
    @CoinflowPublic()
    route(): void {}
  }

  class WebhookReplaced {
    @Post('route')
    @Replaced
    @CoinflowWebhook()
    route(): void {}
  }

  class WebhookHidden {
    @Post('route')
    @CoinflowPublic()
    @Replaced
    @CoinflowWebhook()
    route(): void {}
  }

  @CoinflowAuth()
  class StricterPolicyLost {
    @Get('route')
    @Replaced
    @CoinflowAuth({ maxAgeMs: 0 })
    route(): void {}
  }

  class InheritedReplaced extends ReplacedByDecorator {}

  it.each<[string, Type, boolean]>([
    ['@CoinflowAuth()', ReplacedByDecorator, false],
    ['@CoinflowAuth() under APP_GUARD', ReplacedByDecorator, true],
    ['@CoinflowOptional()', OptionalReplaced, false],
    ['@CoinflowPublic() under APP_GUARD', PublicReplaced, true],
    ['@CoinflowWebhook()', WebhookReplaced, false],
    ['@CoinflowWebhook() below another of our decorators', WebhookHidden, false],
    ['a policy in a guarded class', StricterPolicyLost, false],
    ['an inherited handler', InheritedReplaced, false],
    ['a handler that the constructor binds', ReplacedInConstructor, false],
  ])('rejects a route whose method was replaced above %s', async (_, controller, globalGuard) => {
    Controller()(controller);
    const starting = start({ controllers: [controller], globalGuard, options: { webhook: { keys: ['key'] } } });
    await expect(starting).rejects.toMatchObject(misconfigured('method-replaced', `${controller.name}\\.route`));
  });

  it('names every route with a replaced method once, also with several modules', async () => {
    @Controller()
    class TwiceReplaced {
      @Get('one')
      @Replaced
      @CoinflowAuth()
      one(): void {}

      @Get('two')
      @Replaced
      @CoinflowAuth()
      two(): void {}
    }
    const starting = start({
      register: (options: CoinflowAuthModuleOptions) => ({
        module: moduleOf(TwiceReplaced),
        imports: [
          moduleOf(TwiceReplaced),
          CoinflowAuthModule.forRootAsync({ useFactory: () => options }),
          CoinflowAuthModule.forRootAsync({ name: 'eu', useFactory: () => options }),
        ],
      }),
    });
    await expect(starting).rejects.toMatchObject({
      reason: 'method-replaced',
      message: [
        'TwiceReplaced.one was replaced after it was decorated, and has lost its guard and policy',
        'TwiceReplaced.two was replaced after it was decorated, and has lost its guard and policy',
      ].join('. '),
    });
  });

  it.each<[string, (options: CoinflowAuthModuleOptions) => ReturnType<typeof CoinflowAuthModule.forRoot>]>([
    ['forRoot', (options) => CoinflowAuthModule.forRoot(options)],
    ['forRootAsync', (options) => CoinflowAuthModule.forRootAsync({ useFactory: () => options })],
    ['a named instance only', (options) => CoinflowAuthModule.forRoot({ ...options, name: 'eu' })],
  ])('rejects a route whose method was replaced when the module is registered with %s', async (_, register) => {
    Controller()(ReplacedByDecorator);
    await expect(start({ controllers: [ReplacedByDecorator], register })).rejects.toMatchObject(
      misconfigured('method-replaced', 'ReplacedByDecorator\\.route'),
    );
  });

  it('accepts a method that a decorator replaced below ours, or with its metadata', async () => {
    @Controller()
    class CarefulController {
      @Get('below')
      @CoinflowAuth()
      @Replaced
      below(): string {
        return 'in';
      }

      @Get('copied')
      @Wrapped
      @CoinflowAuth({ subject: 'user' })
      copied(): string {
        return 'in';
      }

      @Get('twice')
      @CoinflowAuth({ maxAgeMs: 5 })
      @Replaced
      @CoinflowAuth({ subject: 'wallet' })
      twice(): string {
        return 'in';
      }
    }
    const { get, coinflow } = await start({ controllers: [CarefulController] });
    for (const path of ['/below', '/copied', '/twice']) expect(await get(path)).toMatchObject(MISSING);
    expect(await get('/copied', unseenKey(coinflow))).toMatchObject({ status: 200 });
    expect(await get('/twice', unseenKey(coinflow))).toMatchObject({ status: 403 });
  });

  it('rejects a route that overrides a guarded one without a decorator, and accepts an override that is not a route', async () => {
    class Base {
      @Get('route')
      @CoinflowAuth({ maxAgeMs: 0 })
      route(): string {
        return 'in';
      }
    }
    @Controller('open')
    class OpenController extends Base {
      @Get('route')
      override route(): string {
        return 'open';
      }
    }
    @Controller('closed')
    class ClosedController extends Base {
      override route(): string {
        return 'closed';
      }
    }
    @Controller('decorated')
    class DecoratedController extends Base {
      @Get('route')
      @CoinflowAuth({ subject: 'user' })
      override route(): string {
        return 'decorated';
      }
    }
    await expect(start({ controllers: [OpenController] })).rejects.toMatchObject(
      misconfigured('override-undecorated', 'OpenController\\.route'),
    );
    const { get, coinflow } = await start({ controllers: [ClosedController, DecoratedController] });
    expect(await get('/closed/route')).toMatchObject({ status: 404 });
    const key = unseenKey(coinflow);
    expect(await get('/decorated/route', key)).toMatchObject({ status: 200 });
    coinflow.clearCalls();
    expect(await get('/decorated/route', key)).toMatchObject({ status: 200 });
    expect(coinflow.countCalls('verify')).toBe(1);
  });

  it('accepts a guarded route that overrides a webhook route', async () => {
    class Base {
      @Post('route')
      @CoinflowWebhook()
      route(): string {
        return 'webhook';
      }
    }
    @Controller()
    class ShopController extends Base {
      @Get('route')
      @CoinflowAuth()
      override route(): string {
        return 'in';
      }
    }
    const { get } = await start({ controllers: [ShopController] });
    expect(await get('/route')).toMatchObject(MISSING);
  });

  it.each<[string, () => Type]>([
    [
      'its class and its handler',
      () => {
        @CoinflowAuth({ blockchains: ['solana'] })
        @Controller()
        class ShopController {
          @Get()
          @CoinflowAuth({ subject: 'user' })
          route(): void {}
        }
        return ShopController;
      },
    ],
    [
      'its class and an inherited handler',
      () => {
        class Base {
          @Get()
          @CoinflowOptional()
          @CoinflowAuth({ subject: 'user' })
          route(): void {}
        }
        @CoinflowAuth({ blockchains: ['solana'] })
        @Controller()
        class ShopController extends Base {}
        return ShopController;
      },
    ],
    [
      'two classes',
      () => {
        @CoinflowAuth({ blockchains: ['solana'] })
        class Base {}
        @CoinflowAuth({ subject: 'user' })
        @Controller()
        class ShopController extends Base {
          @Get()
          route(): void {}
        }
        return ShopController;
      },
    ],
  ])('rejects a policy that contradicts itself between %s', async (_, controllerOf) => {
    await expect(start({ controllers: [controllerOf()] })).rejects.toMatchObject(
      misconfigured('policy-contradiction', 'ShopController\\.route', 'blockchains', 'subject'),
    );
  });

  it('accepts a public handler of a class with a contradictory policy', async () => {
    @CoinflowAuth({ blockchains: ['solana'] })
    class Base {}
    @CoinflowAuth({ subject: 'user' })
    @Controller()
    class ShopController extends Base {
      @Get('public')
      @CoinflowPublic()
      route(): string {
        return 'in';
      }
    }
    const { get } = await start({ controllers: [ShopController] });
    expect(await get('/public')).toMatchObject({ status: 200 });
  });

  it('rejects a webhook route with a subclass of CoinflowWebhookGuard and no key', async () => {
    class ShopWebhookGuard extends CoinflowWebhookGuard {}
    @Controller()
    class ShopController {
      @Post()
      @UseGuards(ShopWebhookGuard)
      receive(): void {}
    }
    await expect(start({ controllers: [ShopController] })).rejects.toMatchObject(
      misconfigured('webhook-key-missing', 'ShopController\\.receive'),
    );
  });

  it('rejects an inherited webhook route without a key', async () => {
    class Base {
      @Post()
      @CoinflowWebhook()
      receive(): void {}
    }
    @Controller()
    class ShopController extends Base {}
    await expect(start({ controllers: [ShopController] })).rejects.toMatchObject(
      misconfigured('webhook-key-missing', 'ShopController\\.receive'),
    );
  });

  it('finds a replaced event handler of a provider with a symbol as its token', async () => {
    const credit = jest.fn();
    @Injectable()
    class Accounts {
      @OnCoinflowEvent('Refund')
      @Replaced
      @OnCoinflowEvent('Settled')
      credit(): void {
        credit();
      }
    }
    const accounts = { provide: Symbol('accounts'), useClass: Accounts };
    const { deliver } = (app = await createWebhookApp({ controllers: [WebhookController], providers: [accounts] }));
    expect(await deliver(settled())).toMatchObject({ status: 200 });
    expect(credit).toHaveBeenCalledTimes(1);
  });
});
