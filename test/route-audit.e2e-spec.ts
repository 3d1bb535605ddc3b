import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  Post,
  Put,
  RequestMethod,
  Scope,
  UseGuards,
  Version,
  VERSION_NEUTRAL,
  VersioningType,
  type CanActivate,
  type INestApplication,
  type Provider,
  type Type,
} from '@nestjs/common';
import { APP_GUARD, ApplicationConfig, ModuleRef, ModulesContainer, NestFactory, RouterModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  CoinflowAuth,
  CoinflowAuthGuard,
  CoinflowAuthModule,
  CoinflowOptional,
  CoinflowPublic,
  CoinflowWebhook,
  CoinflowWebhookGuard,
  describeRoutes,
  type CoinflowAuthModuleOptions,
} from 'nestjs-coinflow-auth';
import { overrideCoinflowAuth } from 'nestjs-coinflow-auth/testing';
import { PLATFORMS, createTestApp, moduleOf, type TestApp, type TestAppOptions } from './harness/create-test-app.js';
import { RecordingLogger } from './harness/recording-logger.js';
import { Replaced } from './harness/replaced.js';

let app: TestApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function start({ options, ...rest }: TestAppOptions): Promise<TestApp> {
  return (app = await createTestApp({ options: { routeAudit: 'strict', ...options }, ...rest }));
}

/** The warnings and the other lines of the audit. */
function auditOf({ logger }: { logger: RecordingLogger }): string[] {
  return logger.lines.map(({ level, text }) => `${level}: ${text}`).filter((line) => /these handlers/.test(line));
}

const unguarded = (...handlers: string[]): object => ({
  code: 'COINFLOW_MISCONFIGURED',
  reason: 'routes-unguarded',
  message: expect.stringMatching(new RegExp(handlers.map((name) => `${name.replace('.', '\\.')} `).join('[^]*'))),
  action: expect.stringContaining('@CoinflowPublic()'),
});

@Controller('shop')
class MixedController {
  @Get('guarded')
  @CoinflowAuth({ maxAgeMs: 0 })
  guarded(): void {}

  @Get('optional')
  @CoinflowOptional()
  optional(): void {}

  @Get('public')
  @CoinflowPublic()
  public(): void {}

  @Post('webhook')
  @CoinflowWebhook()
  webhook(): void {}

  @Post('webhook-guard')
  @UseGuards(CoinflowWebhookGuard)
  webhookGuard(): void {}

  @Post('forgotten')
  forgotten(): void {}

  @Put()
  alsoForgotten(): void {}
}

@Controller()
class PlainController {
  @Get('plain')
  plain(): string {
    return 'plain';
  }
}

@Injectable()
class ShopGuard extends CoinflowAuthGuard {}

@Injectable({ scope: Scope.REQUEST })
class RequestScopedGuard extends CoinflowAuthGuard {}

class OtherGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

function useGlobalGuard(guard: new (moduleRef: ModuleRef, modules: ModulesContainer) => CoinflowAuthGuard) {
  return (nest: INestApplication): void => {
    nest.useGlobalGuards(new guard(nest.get(ModuleRef), nest.get(ModulesContainer)));
  };
}

describe.each(PLATFORMS)('the route audit on %s', (platform) => {
  it('logs one warning that lists the handlers without a guard', async () => {
    const { logger } = await start({
      platform,
      controllers: [MixedController],
      rawBody: true,
      options: { routeAudit: 'warn', webhook: { keys: 'key' } },
    });
    expect(logger.at('warn').filter((text) => text.includes('MixedController'))).toEqual([
      [
        'No guard of nestjs-coinflow-auth covers these handlers:',
        '  handler                        kind  route                 problem',
        '  MixedController.forgotten      http  POST /shop/forgotten  no guard, and no @CoinflowPublic()',
        '  MixedController.alsoForgotten  http  PUT /shop             no guard, and no @CoinflowPublic()',
        'Guard each of them with @CoinflowAuth() or @CoinflowOptional(), or mark it @CoinflowPublic() if it is public on purpose. CoinflowAuth',
      ].join('\n'),
    ]);
  });

  it('stops the start with strict before the application listens', async () => {
    let nest: INestApplication | undefined;
    const starting = start({
      platform,
      controllers: [MixedController],
      options: { webhook: { keys: 'key' } },
      configure: (created) => (nest = created),
    });
    await expect(starting).rejects.toMatchObject(
      unguarded('MixedController.forgotten', 'MixedController.alsoForgotten'),
    );
    await expect(starting).rejects.not.toMatchObject({
      message: expect.stringMatching(/\.(guarded|optional|public) /),
    });
    expect((nest?.getHttpServer() as { listening: boolean }).listening).toBe(false);
    await nest?.close();
  });

  it('logs nothing and observes nothing when it is off', async () => {
    const { logger, app: nest } = await start({
      platform,
      controllers: [PlainController],
      options: { routeAudit: 'off' },
    });
    expect(auditOf({ logger })).toEqual([]);
    expect(Object.keys(nest.get(ApplicationConfig))).not.toContain('getGlobalGuards');
  });
});

describe('the route audit', () => {
  it('is off by default', async () => {
    const { logger } = (app = await createTestApp({ controllers: [PlainController] }));
    expect(auditOf({ logger })).toEqual([]);
  });

  it('rejects another value of the option', async () => {
    await expect(start({ options: { routeAudit: 'on' as 'warn' } })).rejects.toMatchObject({
      message: expect.stringContaining('routeAudit must be one of off, warn, strict'),
    });
  });

  it.each<[string, { providers?: Provider[]; configure?: (nest: INestApplication) => void }]>([
    ['an APP_GUARD', { providers: [{ provide: APP_GUARD, useClass: CoinflowAuthGuard }] }],
    ['a subclass as APP_GUARD', { providers: [{ provide: APP_GUARD, useClass: ShopGuard }] }],
    ['a request-scoped subclass as APP_GUARD', { providers: [{ provide: APP_GUARD, useClass: RequestScopedGuard }] }],
    [
      'an APP_GUARD of an existing provider',
      { providers: [ShopGuard, { provide: APP_GUARD, useExisting: ShopGuard }] },
    ],
    [
      'an APP_GUARD of a factory',
      {
        providers: [
          {
            provide: APP_GUARD,
            inject: [ModuleRef, ModulesContainer],
            useFactory: (moduleRef: ModuleRef, modules: ModulesContainer) => new ShopGuard(moduleRef, modules),
          },
        ],
      },
    ],
    ['useGlobalGuards()', { configure: useGlobalGuard(CoinflowAuthGuard) }],
    ['useGlobalGuards() with a subclass', { configure: useGlobalGuard(ShopGuard) }],
  ])('counts routes under %s as guarded', async (_, options) => {
    const { get, app: nest } = await start({ controllers: [PlainController], ...options });
    expect(await get('/plain')).toMatchObject({ status: 401 });
    expect(describeRoutes(nest)).toEqual([
      { handler: 'PlainController.plain', kind: 'http', route: 'GET /plain', access: 'required', policy: {} },
    ]);
  });

  it.each<[string, () => ClassDecorator & MethodDecorator]>([
    ['@CoinflowAuth()', CoinflowAuth],
    ['@CoinflowOptional()', CoinflowOptional],
    ['@CoinflowPublic()', CoinflowPublic],
    ['the guard', () => UseGuards(CoinflowAuthGuard)],
    ['a subclass of the guard', () => UseGuards(ShopGuard)],
    [
      'an instance of the guard',
      // The constructor only stores its arguments, and no request comes.
      () => UseGuards(new CoinflowAuthGuard({} as ModuleRef, new ModulesContainer().set('', {} as never))),
    ],
    ['the guard after another one', () => UseGuards(OtherGuard, CoinflowAuthGuard)],
  ])('starts with %s on a controller, a handler or a class that a controller extends', async (_, decorator) => {
    class Base {
      @Get('inherited')
      inherited(): void {}
    }
    decorator()(Base);
    @Controller('extending')
    class ExtendingController extends Base {}
    class Plain {
      @Get()
      route(): void {}
    }
    @Controller('handler')
    class HandlerController extends Plain {
      @Get()
      override route(): void {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(HandlerController.prototype, 'route') ?? {};
    decorator()(HandlerController.prototype, 'route', descriptor);
    const { logger } = await start({ controllers: [ExtendingController, HandlerController] });
    expect(auditOf({ logger })).toEqual([]);
  });

  it('does not count a guard that is not of this package, nor one on a controller only', async () => {
    @Controller()
    @UseGuards(OtherGuard)
    class OtherController extends PlainController {}
    @Controller('guarded')
    @CoinflowAuth()
    class GuardedController extends PlainController {}
    const starting = start({
      controllers: [GuardedController, OtherController],
      providers: [{ provide: APP_GUARD, useClass: OtherGuard }],
    });
    await expect(starting).rejects.toMatchObject(unguarded('OtherController.plain'));
    await expect(starting).rejects.not.toMatchObject({ message: expect.stringContaining('GuardedController') });
  });

  it('lists a handler whose method was replaced above a plain guard', async () => {
    @Controller()
    class ReplacedController {
      @Get()
      @Replaced
      @UseGuards(CoinflowAuthGuard)
      route(): void {}
    }
    await expect(start({ controllers: [ReplacedController] })).rejects.toMatchObject(
      unguarded('ReplacedController.route'),
    );
  });

  it('lists an inherited handler, and a controller of two modules once', async () => {
    @Controller('inheriting')
    class InheritingController extends PlainController {}
    const { logger } = await start({
      register: (options) => ({
        module: moduleOf(InheritingController),
        imports: [moduleOf(InheritingController), CoinflowAuthModule.forRoot(options)],
      }),
      options: { routeAudit: 'warn' },
    });
    expect(logger.text.match(/InheritingController\.plain +http +GET \/inheriting\/plain/g)).toHaveLength(1);
  });

  it.each<['warn' | 'strict' | undefined, 'warn' | 'strict' | undefined]>([
    ['strict', undefined],
    [undefined, 'strict'],
    ['warn', 'strict'],
    ['strict', 'warn'],
    ['warn', undefined],
    ['warn', 'warn'],
    [undefined, 'warn'],
  ])('applies the strictest option of two instances once: %s and %s', async (first, second) => {
    const starting = start({
      controllers: [PlainController],
      register: (options: CoinflowAuthModuleOptions) => ({
        module: class InstancesModule {},
        imports: [
          CoinflowAuthModule.forRoot({ ...options, routeAudit: first }),
          CoinflowAuthModule.forRoot({ ...options, routeAudit: second, name: 'eu' }),
        ],
      }),
    });
    if (first === 'strict' || second === 'strict')
      await expect(starting).rejects.toMatchObject(unguarded('PlainController.plain'));
    else expect(auditOf(await starting)).toHaveLength(1);
  });

  it('does not check an application that serves nothing, nor one under overrideCoinflowAuth', async () => {
    const logger = new RecordingLogger();
    const imports = [
      CoinflowAuthModule.forRoot({ env: 'local', apiKey: 'key', merchantId: 'm', routeAudit: 'strict' }),
      moduleOf(PlainController),
    ];
    const script = await NestFactory.createApplicationContext({ module: class Script {}, imports }, { logger });
    await script.close();
    const module = await overrideCoinflowAuth(Test.createTestingModule({ imports }), undefined)
      .setLogger(logger)
      .compile();
    const tested = await module.createNestApplication().init();
    await tested.close();
    expect(auditOf({ logger })).toEqual([]);
  });
});

describe('the paths of describeRoutes()', () => {
  @Controller({ path: ['a', '/b/'], version: ['1', VERSION_NEUTRAL] })
  class VersionedController {
    @Get(['one', '/two/'])
    list(): string {
      return 'in';
    }

    @Version('2')
    @Get()
    root(): string {
      return 'in';
    }
  }

  @Controller()
  class DefaultController {
    @Get('health')
    health(): string {
      return 'in';
    }

    @Get('items/:id')
    item(): string {
      return 'in';
    }
  }

  const pathsOf = (nest: INestApplication): string[] => describeRoutes(nest).map(({ route }) => route);

  it.each<[string, (nest: INestApplication) => void, string[]]>([
    ['plain ones', () => undefined, ['/a/one', '/a/two', '/b/one', '/b/two', '/a', '/b', '/health', '/items/:id']],
    [
      'a global prefix with an exception',
      (nest) => nest.setGlobalPrefix('/api/', { exclude: [{ path: 'health', method: RequestMethod.GET }, 'a/one'] }),
      ['/a/one', '/api/a/two', '/api/b/one', '/api/b/two', '/api/a', '/api/b', '/health', '/api/items/:id'],
    ],
    [
      'versions in the URI, under a prefix',
      (nest) =>
        nest
          .setGlobalPrefix('api', { exclude: ['health'] })
          .enableVersioning({ type: VersioningType.URI, defaultVersion: '3' }),
      [
        ...['/api/v1/a/one', '/api/v1/a/two', '/api/v1/b/one', '/api/v1/b/two'],
        ...['/api/a/one', '/api/a/two', '/api/b/one', '/api/b/two'],
        ...['/api/v2/a', '/api/v2/b', '/v3/health', '/api/v3/items/:id'],
      ],
    ],
    [
      'versions in the URI with another prefix',
      (nest) => nest.enableVersioning({ type: VersioningType.URI, prefix: 'version-' }),
      [
        ...['/version-1/a/one', '/version-1/a/two', '/version-1/b/one', '/version-1/b/two'],
        ...['/a/one', '/a/two', '/b/one', '/b/two', '/version-2/a', '/version-2/b', '/health', '/items/:id'],
      ],
    ],
  ])('are those that Nest serves: %s', async (_, configure, paths) => {
    const { app: nest, get } = await start({
      controllers: [VersionedController, DefaultController],
      configure,
      options: { routeAudit: 'off' },
    });
    expect(pathsOf(nest)).toEqual(paths.map((path) => `GET ${path}`));
    for (const path of paths) expect([path, (await get(path)).status]).toEqual([path, 200]);
  });

  it('have the version beside them when it is in a header', async () => {
    const { app: nest } = await start({
      controllers: [VersionedController, DefaultController],
      configure: (created) => created.enableVersioning({ type: VersioningType.HEADER, header: 'version' }),
      options: { routeAudit: 'off' },
    });
    expect(pathsOf(nest)).toEqual([
      ...['/a/one', '/a/two', '/b/one', '/b/two'].map((path) => `GET ${path} (version 1, any)`),
      ...['/a', '/b'].map((path) => `GET ${path} (version 2)`),
      ...['/health', '/items/:id'].map((path) => `GET ${path}`),
    ]);
  });

  it('have the prefix of RouterModule', async () => {
    const AdminModule = moduleOf(DefaultController);
    const { app: nest, get } = await start({
      register: (options) => ({
        module: class RootModule {},
        imports: [
          CoinflowAuthModule.forRoot(options),
          AdminModule,
          RouterModule.register([{ path: 'admin', module: AdminModule }]),
        ],
      }),
      options: { routeAudit: 'off' },
    });
    expect(pathsOf(nest)).toEqual(['GET /admin/health', 'GET /admin/items/:id']);
    expect(await get('/admin/health')).toMatchObject({ status: 200 });
  });

  it('have no policy where no session is required', async () => {
    @Controller()
    @CoinflowAuth({ maxAgeMs: 5 })
    class PolicyController {
      @Get('public')
      @CoinflowPublic()
      public(): void {}

      @Get('guarded')
      guarded(): void {}
    }
    const { app: nest } = await start({ controllers: [PolicyController] });
    expect(describeRoutes(nest).map(({ access, policy }) => [access, policy])).toEqual([
      ['public', {}],
      ['required', { maxAgeMs: 5 }],
    ]);
  });

  it('are known before the application is initialized, with access and policy', async () => {
    const module = await Test.createTestingModule({
      imports: [CoinflowAuthModule.forRoot({ env: 'local', apiKey: 'key', merchantId: 'm' })],
      controllers: [MixedController as Type],
    }).compile();
    const nest = module.createNestApplication({ logger: false });
    expect(describeRoutes(nest).map(({ route, access, policy }) => [route, access, policy])).toEqual([
      ['GET /shop/guarded', 'required', { maxAgeMs: 0 }],
      ['GET /shop/optional', 'optional', {}],
      ['GET /shop/public', 'public', {}],
      ['POST /shop/webhook', 'webhook', {}],
      ['POST /shop/webhook-guard', 'webhook', {}],
      ['POST /shop/forgotten', 'unguarded', {}],
      ['PUT /shop', 'unguarded', {}],
    ]);
    await nest.close();
  });

  it('are a startup error without the module', async () => {
    const module = await Test.createTestingModule({ controllers: [PlainController] })
      .setLogger(new RecordingLogger())
      .compile();
    expect(() => describeRoutes(module)).toThrow(
      expect.objectContaining({ code: 'COINFLOW_MISCONFIGURED', reason: 'module-missing' }),
    );
    await module.close();
  });
});
