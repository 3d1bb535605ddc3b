import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, UseGuards, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ApiBearerAuth,
  ApiUnauthorizedResponse,
  DocumentBuilder,
  SwaggerModule,
  type OpenAPIObject,
} from '@nestjs/swagger';
import { CoinflowAuthGuard } from '../coinflow-auth.guard.js';
import { CoinflowAuthModule } from '../coinflow-auth.module.js';
import { CoinflowAuth, CoinflowOptional, CoinflowPublic } from './access.decorators.js';
import { COINFLOW_SESSION_SCHEME, COINFLOW_SESSION_SCHEME_NAME } from './api-documentation.js';

@Controller('routes')
class RoutesController {
  @Get('guarded')
  @CoinflowAuth({ maxAgeMs: 0 })
  guarded(): void {}

  @Get('optional')
  @CoinflowOptional()
  optional(): void {}

  @CoinflowOptional()
  @CoinflowAuth({ maxAgeMs: 5 })
  @Get('optional-with-policy')
  optionalWithPolicy(): void {}

  @Get('public')
  @CoinflowPublic()
  public(): void {}

  @Get('plain')
  plain(): void {}

  @ApiBearerAuth()
  @Get('own')
  @CoinflowAuth()
  @ApiUnauthorizedResponse({ description: 'in my words' })
  own(): void {}
}

@CoinflowAuth()
@Controller('protected')
class ProtectedController {
  @Get('guarded')
  guarded(): void {}

  @Get('optional')
  @CoinflowOptional()
  optional(): void {}

  @Get('public')
  @CoinflowPublic()
  public(): void {}

  notARoute(): void {}
}

@CoinflowPublic()
@Controller('mostly-public')
class MostlyPublicController {
  @Get('guarded')
  @UseGuards(CoinflowAuthGuard)
  guarded(): void {}

  @Get('optional')
  @UseGuards(CoinflowAuthGuard)
  @CoinflowOptional()
  optional(): void {}

  @Get('public')
  public(): void {}
}

@CoinflowOptional()
class OptionalParent {}

@CoinflowAuth({ maxAgeMs: 0 })
@Controller('child')
class ChildController extends OptionalParent {
  @Get('guarded')
  guarded(): void {}
}

async function documentOf(...controllers: Type[]): Promise<OpenAPIObject> {
  @Module({
    imports: [CoinflowAuthModule.forRoot({ env: 'sandbox', apiKey: 'k', merchantId: 'm' })],
    controllers,
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, { logger: false });
  const config = new DocumentBuilder().addApiKey(COINFLOW_SESSION_SCHEME, COINFLOW_SESSION_SCHEME_NAME).build();
  const document = SwaggerModule.createDocument(app, config);
  await app.close();
  return document;
}

describe('the OpenAPI document', () => {
  const scheme = { [COINFLOW_SESSION_SCHEME_NAME]: [] };
  const guard = ['401', '403', '429', '503'];

  it('says what each route asks for, and what the guard may answer', async () => {
    const { paths } = await documentOf(RoutesController, ProtectedController);
    const described = Object.fromEntries(
      Object.entries(paths).map(([path, { get }]) => [
        path,
        [get?.security, Object.keys(get?.responses ?? {}).filter((status) => status !== '200')],
      ]),
    );
    expect(described).toEqual({
      '/routes/guarded': [[scheme], guard],
      '/routes/optional': [[{}, scheme], guard],
      '/routes/optional-with-policy': [[{}, scheme], guard],
      '/routes/public': [undefined, []],
      '/routes/plain': [undefined, []],
      '/routes/own': [expect.arrayContaining([scheme, { bearer: [] }]), guard],
      '/protected/guarded': [[scheme], guard],
      '/protected/optional': [[{}, scheme], guard],
      '/protected/public': [undefined, []],
    });
  });

  it('describes a handler as the guard treats it: by its own guard, and by the nearest class', async () => {
    const { paths } = await documentOf(MostlyPublicController, ChildController);
    expect(Object.entries(paths).map(([path, { get }]) => [path, get?.security])).toEqual([
      ['/mostly-public/guarded', [scheme]],
      ['/mostly-public/optional', [{}, scheme]],
      ['/mostly-public/public', undefined],
      ['/child/guarded', [scheme]],
    ]);
  });

  it('names the codes', async () => {
    const { paths } = await documentOf(RoutesController);
    const responses = paths['/routes/guarded']?.get?.responses as Record<
      string,
      { content: object; description: string }
    >;
    expect(responses['503']?.description).toBe('`COINFLOW_UNAVAILABLE`, `COINFLOW_RATE_LIMITED`');
    expect(responses['401']).toMatchObject({
      content: {
        'application/json': {
          schema: { properties: { code: { enum: expect.arrayContaining(['COINFLOW_SESSION_KEY_EXPIRED']) } } },
        },
      },
    });
  });

  it('keeps what the user has written', async () => {
    const { paths } = await documentOf(RoutesController);
    expect(paths['/routes/own']?.get?.responses).toMatchObject({ 401: { description: 'in my words' } });
  });

  it('declares the scheme', async () => {
    const { components } = await documentOf(RoutesController);
    expect(components?.securitySchemes).toEqual({
      [COINFLOW_SESSION_SCHEME_NAME]: {
        type: 'apiKey',
        in: 'header',
        name: 'x-coinflow-auth-session-key',
        description: 'A Coinflow session key of this merchant',
      },
    });
  });
});
