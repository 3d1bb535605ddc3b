import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  Controller,
  ForbiddenException,
  Get,
  Injectable,
  Next,
  UseGuards,
  type ExecutionContext,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  CoinflowAuth,
  CoinflowAuthGuard,
  CoinflowAuthModule,
  CoinflowOptional,
  CoinflowPublic,
  CurrentSession,
  type CoinflowRoute,
  type CoinflowSession,
} from 'nestjs-coinflow-auth';
import { createTestApp, moduleOf, unseenKey, type TestApp, type TestAppOptions } from './harness/create-test-app.js';

const MISSING = { status: 401, body: { code: 'COINFLOW_SESSION_KEY_MISSING' } };
const UNGUARDED = { status: 500, body: { code: 'COINFLOW_MISCONFIGURED' } };

let app: TestApp | undefined;

afterEach(async () => {
  jest.restoreAllMocks();
  await app?.close();
  app = undefined;
});

async function start(options: TestAppOptions): Promise<TestApp> {
  return (app = await createTestApp(options));
}

@Injectable()
class MembersOnlyGuard extends CoinflowAuthGuard {
  protected override assertSubjectAllowed(session: CoinflowSession, route: CoinflowRoute): void {
    super.assertSubjectAllowed(session, route);
    if (session.subject?.kind !== 'user' || session.subject.userId !== 'member') throw new ForbiddenException();
  }
}

describe('a decision of the guard', () => {
  it('does not apply a decision to the next handler after next()', async () => {
    @Controller()
    class ChainController {
      @Get('payouts')
      @CoinflowOptional()
      first(@Next() next: () => void): void {
        next();
      }

      @Get('payouts')
      @CoinflowAuth({ maxAgeMs: 0 })
      second(): string {
        return 'paid';
      }
    }
    const { get, coinflow } = await start({ controllers: [ChainController] });
    expect(await get('/payouts')).toMatchObject(MISSING);
    const key = unseenKey(coinflow);
    expect(await get('/payouts', key)).toMatchObject({ status: 200 });
    coinflow.clearCalls();
    expect(await get('/payouts', key)).toMatchObject({ status: 200 });
    expect(coinflow.countCalls('verify')).toBe(1);
  });

  it('does not apply a decision to the same method of another controller after next()', async () => {
    class Chain {
      @Get('shared')
      handle(@Next() next: () => void): void {
        next();
      }
    }
    @CoinflowOptional()
    @Controller()
    class AnonymousController extends Chain {}
    @CoinflowAuth()
    @Controller()
    class MembersController extends Chain {}
    @Controller()
    class LastController {
      @Get('shared')
      last(): string {
        return 'in';
      }
    }
    const { get } = await start({ controllers: [AnonymousController, MembersController, LastController] });
    expect(await get('/shared')).toMatchObject(MISSING);
  });

  it.each([
    ['unguarded', (): MethodDecorator => () => undefined],
    ['public', CoinflowPublic],
  ])('passes no session to @CurrentSession() of the next handler, which is %s', async (_, access) => {
    @Controller()
    class ChainController {
      @Get('me')
      @CoinflowAuth()
      first(@Next() next: () => void): void {
        next();
      }

      @Get('me')
      @access()
      second(@CurrentSession() session: unknown): unknown {
        return session;
      }
    }
    const { get, coinflow } = await start({ controllers: [ChainController] });
    expect(await get('/me', unseenKey(coinflow))).toMatchObject(UNGUARDED);
  });

  it.each<[string, TestAppOptions]>([
    ['APP_GUARD', { providers: [{ provide: APP_GUARD, useClass: CoinflowAuthGuard }] }],
    ['the guard of the controller', {}],
  ])('decides again in a subclass of the guard after %s', async (_, options) => {
    @CoinflowAuth()
    @Controller()
    class ClubController {
      @Get('club')
      @UseGuards(MembersOnlyGuard)
      club(): string {
        return 'in';
      }
    }
    const { get, coinflow } = await start({ controllers: [ClubController], ...options });
    expect(await get('/club', unseenKey(coinflow))).toMatchObject({ status: 403 });
    expect(await get('/club', unseenKey(coinflow, { customerId: 'member' }))).toMatchObject({ status: 200 });
  });

  it('decides once in a subclass that is APP_GUARD, guard of the decorators and of the handler', async () => {
    @CoinflowAuth()
    @Controller()
    class ClubController {
      @Get('club')
      @CoinflowAuth()
      @UseGuards(MembersOnlyGuard)
      club(): string {
        return 'in';
      }
    }
    const { get, coinflow, authenticator } = await start({
      controllers: [ClubController],
      providers: [{ provide: APP_GUARD, useClass: MembersOnlyGuard }],
    });
    const authenticate = jest.spyOn(authenticator, 'authenticate');
    expect(await get('/club', unseenKey(coinflow, { customerId: 'member' }))).toMatchObject({ status: 200 });
    expect(authenticate).toHaveBeenCalledTimes(1);
  });

  it('decides for the instance that a subclass of the guard selects', async () => {
    @Injectable()
    class EuGuard extends CoinflowAuthGuard {
      protected override getRoute(context: ExecutionContext): CoinflowRoute {
        const route = super.getRoute(context);
        return { ...route, policy: { ...route.policy, instance: 'eu' } };
      }
    }
    @CoinflowAuth()
    @Controller()
    class EuController {
      @Get('eu')
      @UseGuards(EuGuard)
      eu(): string {
        return 'in';
      }
    }
    const { get, coinflow } = await start({
      register: (options) => ({
        module: moduleOf(EuController),
        imports: [
          CoinflowAuthModule.forRoot(options),
          CoinflowAuthModule.forRoot({ ...options, merchantId: 'another-merchant', name: 'eu' }),
        ],
      }),
    });
    expect(await get('/eu', unseenKey(coinflow))).toMatchObject({
      status: 401,
      body: { code: 'COINFLOW_SESSION_WRONG_MERCHANT' },
    });
  });
});
