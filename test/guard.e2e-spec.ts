import { once } from 'node:events';
import { request } from 'node:http';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  Catch,
  Controller,
  Get,
  HttpException,
  Inject,
  Injectable,
  UseGuards,
  type ArgumentsHost,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  CoinflowAuth,
  CoinflowAuthGuard,
  CoinflowAuthService,
  CoinflowOptional,
  CoinflowPublic,
  CoinflowUnavailableError,
  CurrentSession,
  isCoinflowAuthError,
  toHttpException,
  type CoinflowSession,
} from 'nestjs-coinflow-auth';
import { PLATFORMS, createTestApp, unseenKey, type TestApp, type TestAppOptions } from './harness/create-test-app.js';
import { RecordingLogger } from './harness/recording-logger.js';

const MISSING = { status: 401, body: { code: 'COINFLOW_SESSION_KEY_MISSING' } };

@Controller()
class PerRouteController {
  @Get('guarded')
  @UseGuards(CoinflowAuthGuard)
  guarded(@CurrentSession('subject') subject: unknown): unknown {
    return subject;
  }

  @Get('open')
  open(): string {
    return 'open';
  }

  @Get('unguarded-session')
  unguarded(@CurrentSession() session: unknown): unknown {
    return session;
  }
}

@CoinflowAuth()
@Controller('protected')
class PerController {
  @Get('guarded')
  guarded(): string {
    return 'in';
  }

  @Get('optional')
  @CoinflowOptional()
  optional(@CurrentSession() session?: CoinflowSession): { member: boolean } {
    return { member: session !== undefined };
  }

  @Get('public')
  @CoinflowPublic()
  public(): string {
    return 'public';
  }
}

@CoinflowPublic()
@Controller('mostly-public')
class MostlyPublicController {
  @Get('public')
  public(): string {
    return 'public';
  }

  @Get('guarded')
  @CoinflowAuth()
  guarded(): string {
    return 'in';
  }
}

@Controller('plain')
class PlainController {
  @Get()
  plain(): string {
    return 'in';
  }
}

@Controller('failing')
class FailingController {
  constructor(private readonly coinflow: CoinflowAuthService) {}

  @Get()
  @CoinflowPublic()
  fail(): never {
    throw new CoinflowUnavailableError('down', { reason: 'test', retryAfterMs: 3_000 });
  }
}

@Catch()
@Injectable()
class CatchAllFilter implements ExceptionFilter {
  constructor(@Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const known = isCoinflowAuthError(exception) ? toHttpException(exception) : exception;
    const status = known instanceof HttpException ? known.getStatus() : 500;
    this.adapterHost.httpAdapter.reply(host.switchToHttp().getResponse(), { caught: status }, status);
  }
}

let app: TestApp;

afterEach(async () => {
  jest.restoreAllMocks();
  await app.close();
});

async function start(options: TestAppOptions): Promise<TestApp> {
  return (app = await createTestApp(options));
}

describe.each(PLATFORMS)('CoinflowAuthGuard on %s', (platform) => {
  it('guards only the handler that is decorated', async () => {
    const { get, coinflow } = await start({ platform, controllers: [PerRouteController] });
    expect(await get('/guarded')).toMatchObject(MISSING);
    expect(await get('/guarded', unseenKey(coinflow))).toMatchObject({
      status: 200,
      body: { kind: 'user', userId: 'alice' },
    });
    expect(await get('/open')).toMatchObject({ status: 200 });
  });

  it('guards a controller, except for handlers that are optional or public', async () => {
    const { get, coinflow } = await start({ platform, controllers: [PerController, MostlyPublicController] });
    expect(await get('/protected/guarded')).toMatchObject(MISSING);
    expect(await get('/protected/guarded', unseenKey(coinflow))).toMatchObject({ status: 200 });
    expect(await get('/protected/optional')).toMatchObject({ status: 200, body: { member: false } });
    expect(await get('/protected/optional', unseenKey(coinflow))).toMatchObject({
      status: 200,
      body: { member: true },
    });
    expect(await get('/protected/optional', 'forged')).toMatchObject({ status: 401 });
    expect(await get('/protected/public')).toMatchObject({ status: 200 });
    expect(await get('/protected/public', 'forged')).toMatchObject({ status: 200 });
    expect(await get('/mostly-public/public')).toMatchObject({ status: 200 });
    expect(await get('/mostly-public/guarded')).toMatchObject(MISSING);
  });

  it('guards every route as APP_GUARD', async () => {
    const { get, coinflow } = await start({
      platform,
      controllers: [PlainController, MostlyPublicController],
      globalGuard: true,
    });
    expect(await get('/plain')).toMatchObject(MISSING);
    expect(await get('/plain', unseenKey(coinflow))).toMatchObject({ status: 200 });
    expect(await get('/mostly-public/public')).toMatchObject({ status: 200 });
    expect(await get('/mostly-public/guarded')).toMatchObject(MISSING);
  });

  it('decides once where APP_GUARD and decorators meet', async () => {
    const { get, coinflow, authenticator } = await start({ platform, controllers: [PerController], globalGuard: true });
    const authenticate = jest.spyOn(authenticator, 'authenticate');
    await get('/protected/guarded', unseenKey(coinflow));
    await get('/protected/optional', unseenKey(coinflow));
    await get('/protected/optional');
    expect(authenticate).toHaveBeenCalledTimes(2);
  });

  it.each([
    ['APP_FILTER', { providers: [{ provide: APP_FILTER, useClass: CatchAllFilter }] }],
    [
      'useGlobalFilters',
      {
        configure: (nest: INestApplication) =>
          void nest.useGlobalFilters(new CatchAllFilter(nest.get(HttpAdapterHost))),
      },
    ],
  ])('keeps the status and the headers of its rejection under a catch-all filter: %s', async (_, options) => {
    const { get, coinflow } = await start({
      platform,
      controllers: [PerRouteController, FailingController],
      ...options,
    });
    const missing = await get('/guarded');
    expect(missing).toMatchObject({ status: 401, body: { caught: 401 } });
    expect(missing.headers['www-authenticate']).toContain('CoinflowSession');
    coinflow.fail('verify', { kind: 'reset' });
    const outage = await get('/guarded', unseenKey(coinflow));
    expect(outage).toMatchObject({ status: 503, body: { caught: 503 } });
    expect(outage.headers['retry-after']).toBe('5');
    expect(await get('/failing')).toMatchObject({ status: 503 });
  });

  it('answers with the status of an error that the service throws in a controller', async () => {
    const { get } = await start({ platform, controllers: [FailingController] });
    const answer = await get('/failing');
    expect(answer).toMatchObject({ status: 503, body: { statusCode: 503, code: 'COINFLOW_UNAVAILABLE' } });
    expect(answer.headers['retry-after']).toBe('3');
  });

  it('answers 500 for @CurrentSession() on a route without a guard', async () => {
    const { get } = await start({ platform, controllers: [PerRouteController] });
    expect(await get('/unguarded-session')).toMatchObject({ status: 500, body: { code: 'COINFLOW_MISCONFIGURED' } });
  });
});

describe('CoinflowAuthGuard', () => {
  /** Records what each `canActivate` returns. */
  @Injectable()
  class WatchedGuard extends CoinflowAuthGuard {
    static readonly results: unknown[] = [];

    override canActivate(context: ExecutionContext): boolean | Promise<boolean> {
      const result = super.canActivate(context);
      WatchedGuard.results.push(result);
      return result;
    }
  }

  it('returns a boolean and no promise for a cached key', async () => {
    const { get, coinflow } = await start({
      controllers: [PlainController],
      providers: [{ provide: APP_GUARD, useClass: WatchedGuard }],
    });
    const key = unseenKey(coinflow);
    await get('/plain', key);
    await get('/plain', key);
    expect(WatchedGuard.results).toEqual([expect.any(Promise), true]);
  });

  it('rejects a request without a key when a subclass makes isDecided() async', async () => {
    @Injectable()
    class AsyncGuard extends CoinflowAuthGuard {}
    Object.defineProperty(AsyncGuard.prototype, 'isDecided', { value: () => Promise.resolve(true) });
    const { get } = await start({
      controllers: [PlainController],
      providers: [{ provide: APP_GUARD, useClass: AsyncGuard }],
    });
    expect(await get('/plain')).toMatchObject({ status: 401, body: { code: 'COINFLOW_SESSION_KEY_MISSING' } });
  });

  it.each([
    ['assertSubjectAllowed', true],
    ['attachSession', true],
    ['assertAnonymousAllowed', false],
  ])('rejects every request when a subclass makes %s() async, and logs it once', async (method, hasKey) => {
    @Injectable()
    class AsyncGuard extends CoinflowAuthGuard {}
    const override = (): Promise<void> => Promise.reject(new Error('canary'));
    Object.defineProperty(AsyncGuard.prototype, method, { value: override });
    const { get, coinflow, logger } = await start({
      controllers: [PlainController],
      providers: [{ provide: APP_GUARD, useClass: AsyncGuard }],
    });
    const key = hasKey ? unseenKey(coinflow) : undefined;
    const MISCONFIGURED = { status: 500, body: { code: 'COINFLOW_MISCONFIGURED' } };
    expect([await get('/plain', key), await get('/plain', key)]).toMatchObject([MISCONFIGURED, MISCONFIGURED]);
    expect(logger.at('error')).toEqual([
      expect.stringMatching(new RegExp(`${method}\\(\\) of AsyncGuard returns a promise \\[.*guard-async\\]`)),
    ]);
  });

  it('reads the metadata of a route once', async () => {
    const { get, coinflow } = await start({ controllers: [PlainController], globalGuard: true });
    const key = unseenKey(coinflow);
    await get('/plain', key);
    const getMetadata = jest.spyOn(Reflect, 'getMetadata');
    await get('/plain', key);
    const coinflowReads = getMetadata.mock.calls.filter(([name]) => String(name).includes('coinflow'));
    expect(coinflowReads).toEqual([]);
  });

  it('does not cancel the call of other requests when a client disconnects', async () => {
    const { url, get, coinflow } = await start({ controllers: [PlainController], globalGuard: true });
    const key = unseenKey(coinflow);
    coinflow.fail('verify', { kind: 'delay', ms: 200 }, 1);
    const impatient = request(`${url}/plain`, {
      headers: { 'x-coinflow-auth-session-key': key },
      agent: false,
      signal: AbortSignal.timeout(50),
    }).end();
    const patient = get('/plain', key);
    await expect(once(impatient, 'response')).rejects.toMatchObject({ name: 'AbortError' });
    expect(await patient).toMatchObject({ status: 200 });
    expect(coinflow.countCalls('verify')).toBe(2); // the call for the key, and the probe
  });

  it('makes one call for a thousand concurrent requests with a new key', async () => {
    const { get, coinflow } = await start({ controllers: [PlainController], globalGuard: true });
    await get('/plain', unseenKey(coinflow, { customerId: 'first' }));
    coinflow.clearCalls();
    const key = unseenKey(coinflow);
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => get('/plain', key)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(coinflow.countCalls('verify')).toBe(1);
  });

  it.each(['ws', 'rpc', 'graphql'])('rejects requests of an unknown context: %s', async (type) => {
    await start({ controllers: [PlainController] });
    const guard = new CoinflowAuthGuard(app.app.get(ModuleRef), app.app.get(ModulesContainer));
    const context = {
      getType: () => type,
      getHandler: () => () => undefined,
      getClass: () => PlainController,
    } as unknown as ExecutionContext;
    expect(() => guard.canActivate(context)).toThrow(expect.objectContaining({ status: 500 }));
  });

  it('allows a unit test to compile a guarded controller without the module, but no application to start', async () => {
    await start({});
    const module = await Test.createTestingModule({ controllers: [PerController] })
      .setLogger(new RecordingLogger())
      .compile();
    expect(module.get(PerController).guarded()).toBe('in');
    await expect(module.createNestApplication().init()).rejects.toMatchObject({
      code: 'COINFLOW_MISCONFIGURED',
      action: expect.stringContaining('Import CoinflowAuthModule.forRoot()'),
    });
  });

  it("logs a mistake in the application's code once, with what to do", async () => {
    @Controller()
    class MistakenController {
      @Get('forgotten')
      forgotten(@CurrentSession() session: unknown): unknown {
        return session;
      }

      @Get('unregistered')
      @CoinflowAuth({ instance: 'unregistered' })
      unregistered(): string {
        return 'in';
      }
    }
    const { get, logger } = await start({ controllers: [MistakenController] });
    for (const path of ['/forgotten', '/forgotten', '/unregistered', '/unregistered']) {
      expect(await get(path)).toMatchObject({ status: 500, body: { code: 'COINFLOW_MISCONFIGURED' } });
    }
    expect(logger.at('error')).toEqual([
      expect.stringMatching(/MistakenController.forgotten uses @CurrentSession[^]*Add @CoinflowAuth/),
      expect.stringMatching(/instance[^]*"unregistered"[^]*Import CoinflowAuthModule/),
    ]);
  });

  it('throws an unexpected error unchanged', async () => {
    const { get, authenticator } = await start({ controllers: [PlainController], globalGuard: true });
    jest.spyOn(authenticator, 'authenticate').mockImplementation(() => {
      throw new RangeError('defect');
    });
    expect(await get('/plain', 'key')).toMatchObject({ status: 500, body: { message: 'Internal server error' } });
    expect(app.logger.at('error').join()).toContain('RangeError: defect');
  });
});
