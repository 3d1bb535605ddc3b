import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, UseGuards, type Type } from '@nestjs/common';
import { Mutation, Query, Resolver } from '@nestjs/graphql';
import { MessagePattern } from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  CoinflowAuth,
  CoinflowAuthGuard,
  CoinflowOptional,
  CoinflowPublic,
  type CoinflowAuthModuleOptions,
} from 'nestjs-coinflow-auth';
import { graphqlContext } from 'nestjs-coinflow-auth/graphql';
import { rpcContext } from 'nestjs-coinflow-auth/microservices';
import { webSocketContext } from 'nestjs-coinflow-auth/websockets';
import { createTestApp, type TestApp, type TestAppOptions } from './harness/create-test-app.js';
import { createGraphQLApp } from './harness/graphql-app.js';
import { keyInData, startMessageService } from './harness/message-service.js';
import { Replaced } from './harness/replaced.js';
import { SOCKET_IO } from './harness/sockets.js';

type Options = Pick<TestAppOptions, 'globalGuard'> & { contexts?: CoinflowAuthModuleOptions['contexts'] };

/** A transport: how an application with the class starts on it, and the decorators of its handlers and classes. */
interface HandlerKind {
  readonly start: (handlers: Type, options?: Options) => Promise<TestApp>;
  readonly Handler: () => MethodDecorator;
  readonly Class: () => ClassDecorator;
  readonly skipped: CoinflowAuthModuleOptions['contexts'];
}

const GRAPHQL: HandlerKind = {
  start: (resolver, { globalGuard, contexts = { graphql: graphqlContext() } } = {}) =>
    createGraphQLApp({ providers: [resolver, PingResolver], globalGuard, options: { contexts } }),
  Handler: () => Mutation(() => String),
  Class: () => Resolver(),
  skipped: { graphql: 'skip' },
};
const WS: HandlerKind = {
  start: (gateway, { globalGuard, contexts = { ws: webSocketContext() } } = {}) =>
    createTestApp({ providers: [gateway], globalGuard, options: { contexts }, configure: SOCKET_IO.configure }),
  Handler: () => SubscribeMessage('pay'),
  Class: () => WebSocketGateway(),
  skipped: { ws: 'skip' },
};
const RPC: HandlerKind = {
  start: (controller, { globalGuard, contexts = { rpc: rpcContext({ sessionKeyOf: keyInData }) } } = {}) =>
    startMessageService({ controllers: [controller], globalGuard, options: { contexts } }),
  Handler: () => MessagePattern('pay'),
  Class: () => Controller(),
  skipped: { rpc: 'skip' },
};

/** A schema needs a query. */
@Resolver()
class PingResolver {
  @Query(() => String)
  ping(): string {
    return 'pong';
  }
}

let app: TestApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

/** The reason of the error that stops the start, and its message; `started` if none does. */
async function outcomeOf(starting: Promise<TestApp>): Promise<{ reason: string; message: string }> {
  try {
    app = await starting;
    return { reason: 'started', message: '' };
  } catch (error) {
    const { reason, message } = error as { reason: string; message: string };
    return { reason, message };
  }
}

const replaced = (name: string): object => ({
  reason: 'method-replaced',
  message: `${name} was replaced after it was decorated, and has lost its guard and policy`,
});
const overridden = (name: string): object => ({
  reason: 'override-undecorated',
  message: `${name} overrides a decorated handler without its guard and policy`,
});
const started = { reason: 'started', message: '' };

describe.each<[string, HandlerKind]>([
  ['a resolver', GRAPHQL],
  ['a gateway', WS],
  ['a microservice', RPC],
])('the check at startup of the handlers of %s', (_, { start, Handler, Class, skipped }) => {
  class Base {
    @Handler()
    @CoinflowAuth({ maxAgeMs: 0 })
    pay(): string {
      return 'paid';
    }
  }

  @Class()
  class Overriding extends Base {
    @Handler()
    override pay(): string {
      return 'open';
    }
  }

  @Class()
  @CoinflowAuth()
  class GuardedReplaced {
    @Handler()
    @Replaced
    @CoinflowAuth({ maxAgeMs: 0 })
    pay(): string {
      return 'paid';
    }
  }

  it.each<[string, MethodDecorator]>([
    ['@CoinflowAuth()', CoinflowAuth()],
    ['@CoinflowOptional()', CoinflowOptional()],
    ['@CoinflowPublic()', CoinflowPublic()],
  ])('rejects a handler whose method was replaced above %s, also under an APP_GUARD', async (__, decorator) => {
    @Class()
    class Handlers {
      @Handler()
      @Replaced
      @decorator
      pay(): string {
        return 'paid';
      }
    }
    for (const globalGuard of [false, true])
      expect(await outcomeOf(start(Handlers, { globalGuard }))).toEqual(replaced('Handlers.pay'));
  });

  it('rejects a handler whose stricter policy was lost in a guarded class', async () => {
    expect(await outcomeOf(start(GuardedReplaced))).toEqual(replaced('GuardedReplaced.pay'));
  });

  it('rejects an override without a decorator, also under an APP_GUARD', async () => {
    for (const globalGuard of [false, true])
      expect(await outcomeOf(start(Overriding, { globalGuard }))).toEqual(overridden('Overriding.pay'));
  });

  it('accepts an override with a decorator of its own, and one that is no handler', async () => {
    @Class()
    class Decorated extends Base {
      @Handler()
      @CoinflowOptional()
      override pay(): string {
        return 'decorated';
      }
    }
    @Class()
    class Closed extends Base {
      override pay(): string {
        return 'closed';
      }
    }
    for (const handlers of [Decorated, Closed]) {
      expect(await outcomeOf(start(handlers))).toEqual(started);
      await app?.close();
      app = undefined;
    }
  });

  it('accepts a replaced handler that never had a decorator, and a decorator above the replacement', async () => {
    @Class()
    class NeverGuarded {
      @Handler()
      @Replaced
      pay(): string {
        return 'paid';
      }
    }
    @Class()
    class Careful {
      @Handler()
      @CoinflowAuth()
      @Replaced
      pay(): string {
        return 'paid';
      }
    }
    for (const handlers of [NeverGuarded, Careful]) {
      expect(await outcomeOf(start(handlers))).toEqual(started);
      await app?.close();
      app = undefined;
    }
  });

  it('accepts an override without a decorator in a skipped context', async () => {
    expect(await outcomeOf(start(Overriding, { contexts: skipped }))).toEqual(started);
  });

  it('rejects a replaced handler in a skipped context, where a decorator is a mistake', async () => {
    expect(await outcomeOf(start(GuardedReplaced, { contexts: skipped }))).toEqual(replaced('GuardedReplaced.pay'));
  });

  it('rejects a policy that contradicts itself between a class and its handler', async () => {
    @Class()
    @CoinflowAuth({ blockchains: ['solana'] })
    class Contradictory {
      @Handler()
      @CoinflowAuth({ subject: 'user' })
      pay(): string {
        return 'paid';
      }
    }
    expect(await outcomeOf(start(Contradictory))).toEqual({
      reason: 'policy-contradiction',
      message:
        'The policy of Contradictory.pay contradicts itself: blockchains applies to wallets only, so it cannot be combined with subject: user',
    });
  });
});

describe('the check of message handlers at startup', () => {
  it('rejects a handler of a microservice that the constructor binds', async () => {
    @Controller()
    class BoundController {
      constructor() {
        this.pay = this.pay.bind(this);
      }

      @MessagePattern('pay')
      @CoinflowAuth({ maxAgeMs: 0 })
      pay(): void {}
    }
    expect(await outcomeOf(RPC.start(BoundController))).toEqual(replaced('BoundController.pay'));
  });

  it('accepts a guarded method that is replaced in a class whose handlers Nest does not call', async () => {
    @Injectable()
    class NoGateway {
      @SubscribeMessage('pay')
      @Replaced
      @CoinflowAuth()
      pay(): void {}
    }
    expect(await outcomeOf(WS.start(NoGateway))).toEqual(started);
  });

  it('names a method once that is both a route and a message handler', async () => {
    @Controller()
    class HybridController {
      @Get()
      @MessagePattern('pay')
      @Replaced
      @CoinflowAuth()
      pay(): void {}
    }
    expect(await outcomeOf(RPC.start(HybridController))).toEqual(replaced('HybridController.pay'));
  });

  it('accepts a replaced method in a class with the guard: the guard was not lost', async () => {
    @WebSocketGateway()
    @UseGuards(CoinflowAuthGuard)
    class GuardedGateway {
      @SubscribeMessage('pay')
      @Replaced
      pay(): void {}
    }
    expect(await outcomeOf(WS.start(GuardedGateway))).toEqual(started);
  });
});
