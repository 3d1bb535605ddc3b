import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, UseGuards, type Type } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import {
  CoinflowAuth,
  CoinflowAuthGuard,
  CoinflowOptional,
  CoinflowPublic,
  CurrentSession,
} from 'nestjs-coinflow-auth';
import { PLATFORMS, createTestApp, unseenKey, type TestApp, type TestAppOptions } from './harness/create-test-app.js';

const MISSING = { status: 401, body: { code: 'COINFLOW_SESSION_KEY_MISSING' } };

let app: TestApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function start(options: TestAppOptions): Promise<TestApp> {
  return (app = await createTestApp(options));
}

@Injectable()
class SubclassedGuard extends CoinflowAuthGuard {}

describe.each(PLATFORMS)('the policy of a route, on %s', (platform) => {
  it('merges the policy of a controller with those of all classes that it extends', async () => {
    @CoinflowAuth({ subject: 'wallet' })
    class WalletsOnly {
      @Get('inherited')
      inherited(): string {
        return 'in';
      }
    }
    @CoinflowAuth({ maxAgeMs: 60_000 })
    class RecentWalletsOnly extends WalletsOnly {}
    @CoinflowAuth({ maxAgeMs: 0 })
    @Controller()
    class PayoutsController extends RecentWalletsOnly {
      @Get('own')
      own(): string {
        return 'in';
      }
    }
    const { get, coinflow } = await start({ platform, controllers: [PayoutsController] });
    const wallet = unseenKey(coinflow, {
      customerId: undefined,
      wallet: '11111111111111111111111111111111',
      blockchain: 'solana',
    });
    for (const path of ['/inherited', '/own']) {
      expect(await get(path, unseenKey(coinflow))).toMatchObject({
        status: 403,
        body: { code: 'COINFLOW_SUBJECT_NOT_ALLOWED' },
      });
      expect(await get(path, wallet)).toMatchObject({ status: 200 });
      coinflow.clearCalls();
      expect(await get(path, wallet)).toMatchObject({ status: 200 });
      expect(coinflow.countCalls('verify')).toBe(1);
    }
  });

  it('requires a session on a handler with the guard, in a public or optional class', async () => {
    @CoinflowPublic()
    @Controller('public')
    class PublicController {
      @Get('guarded')
      @UseGuards(CoinflowAuthGuard)
      guarded(@CurrentSession('subject') subject: unknown): unknown {
        return subject;
      }

      @Get('subclass')
      @UseGuards(SubclassedGuard)
      subclass(): string {
        return 'in';
      }

      @Get('open')
      open(): string {
        return 'in';
      }
    }
    @CoinflowOptional()
    @Controller('optional')
    class OptionalController {
      @Get('guarded')
      @UseGuards(CoinflowAuthGuard)
      guarded(): string {
        return 'in';
      }

      @Get('optional')
      @UseGuards(CoinflowAuthGuard)
      @CoinflowOptional()
      optional(): string {
        return 'in';
      }

      @Get('public')
      @CoinflowPublic()
      @UseGuards(CoinflowAuthGuard)
      public(): string {
        return 'in';
      }
    }
    for (const globalGuard of [false, true]) {
      const { get, coinflow, close } = await createTestApp({
        platform,
        globalGuard,
        controllers: [PublicController, OptionalController],
      });
      expect(await get('/public/guarded')).toMatchObject(MISSING);
      expect(await get('/public/guarded', unseenKey(coinflow))).toMatchObject({
        status: 200,
        body: { userId: 'alice' },
      });
      expect(await get('/public/subclass')).toMatchObject(MISSING);
      expect(await get('/public/open')).toMatchObject({ status: 200 });
      expect(await get('/optional/guarded')).toMatchObject(MISSING);
      expect(await get('/optional/guarded', unseenKey(coinflow))).toMatchObject({ status: 200 });
      expect(await get('/optional/optional')).toMatchObject({ status: 200 });
      expect(await get('/optional/public')).toMatchObject({ status: 200 });
      await close();
    }
  });

  it('requires a session when @UseGuards() gets the guard as an object', async () => {
    @CoinflowPublic()
    @Controller()
    class PublicController {
      @Get('guarded')
      guarded(): string {
        return 'in';
      }
    }
    const { app: first, close } = await createTestApp({ platform, controllers: [] });
    const guard = new CoinflowAuthGuard(first.get(ModuleRef), first.get(ModulesContainer));
    UseGuards(guard)(PublicController.prototype, 'guarded', descriptorOf(PublicController, 'guarded'));
    const { get } = await start({ platform, controllers: [PublicController] });
    expect(await get('/guarded')).toMatchObject(MISSING);
    await close();
  });
});

function descriptorOf(controller: Type, name: string): PropertyDescriptor {
  return Object.getOwnPropertyDescriptor(controller.prototype, name) ?? {};
}
