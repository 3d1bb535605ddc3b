import { describe, expect, it } from '@jest/globals';
import { Controller, Get, HttpCode, Module, Post, UseGuards, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ApiBearerAuth,
  ApiDefaultResponse,
  ApiForbiddenResponse,
  ApiHeader,
  ApiOkResponse,
  ApiUnauthorizedResponse,
  DocumentBuilder,
  SwaggerModule,
  type OpenAPIObject,
} from '@nestjs/swagger';
import { CoinflowAuthGuard } from '../coinflow-auth.guard.js';
import { CoinflowAuthModule } from '../coinflow-auth.module.js';
import { CoinflowAuth, CoinflowOptional, CoinflowPublic } from './access.decorators.js';
import { COINFLOW_SESSION_SCHEME, COINFLOW_SESSION_SCHEME_NAME } from './openapi.js';
import { CoinflowWebhook } from './webhook.decorators.js';

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
  @ApiUnauthorizedResponse({ description: 'mine' })
  own(): void {}
}

/** The decorators of a route can be in any order. */
@Controller('created')
class CreatedController {
  @Post('above')
  @CoinflowAuth()
  above(): void {}

  @CoinflowAuth()
  @Post('below')
  below(): void {}

  @HttpCode(202)
  @Post('accepted')
  @CoinflowAuth()
  accepted(): void {}

  @ApiOkResponse({ description: 'mine', type: String })
  @HttpCode(200)
  @Post('typed')
  @CoinflowAuth()
  typed(): void {}

  @CoinflowAuth()
  @ApiDefaultResponse({ description: 'mine' })
  @Post('default')
  default(): void {}

  @ApiForbiddenResponse({ description: 'mine' })
  @Post('rejected')
  @CoinflowAuth()
  rejected(): void {}
}

@Controller('webhooks')
class WebhooksController {
  @Post('coinflow')
  @CoinflowWebhook()
  receive(): void {}

  @ApiOkResponse({ description: 'mine', type: String })
  @ApiUnauthorizedResponse({ description: 'mine' })
  @Post('own')
  @CoinflowWebhook()
  @ApiHeader({ name: 'X-Partner' })
  own(): void {}

  @ApiDefaultResponse({ description: 'mine' })
  @Post('default')
  @CoinflowWebhook()
  default(): void {}
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
    imports: [CoinflowAuthModule.forRoot({ env: 'sandbox', apiKey: 'k', merchantId: 'm', webhook: { keys: 'w' } })],
    controllers,
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, { logger: false });
  const config = new DocumentBuilder().addApiKey(COINFLOW_SESSION_SCHEME, COINFLOW_SESSION_SCHEME_NAME).build();
  const document = SwaggerModule.createDocument(app, config);
  await app.close();
  return document;
}

describe('the OpenAPI document of an application', () => {
  const scheme = { [COINFLOW_SESSION_SCHEME_NAME]: [] };
  const guard = ['401', '403', '429', '503'];

  it('documents the security scheme and the errors of each protected route', async () => {
    const { paths } = await documentOf(RoutesController, ProtectedController);
    const described = Object.fromEntries(
      Object.entries(paths).map(([path, { get }]) => [path, [get?.security, Object.keys(get?.responses ?? {})]]),
    );
    expect(described).toEqual({
      '/routes/guarded': [[scheme], ['200', ...guard]],
      '/routes/optional': [
        [{}, scheme],
        ['200', ...guard],
      ],
      '/routes/optional-with-policy': [
        [{}, scheme],
        ['200', ...guard],
      ],
      '/routes/public': [undefined, ['200']],
      '/routes/plain': [undefined, ['200']],
      '/routes/own': [expect.arrayContaining([scheme, { bearer: [] }]), ['200', ...guard]],
      '/protected/guarded': [[scheme], ['200', ...guard]],
      '/protected/optional': [
        [{}, scheme],
        ['200', ...guard],
      ],
      '/protected/public': [undefined, ['200']],
    });
  });

  it('documents the success of a protected route, for any status and any order of the decorators', async () => {
    const { paths } = await documentOf(CreatedController);
    const described = Object.fromEntries(
      Object.entries(paths).map(([path, { post }]) => [path, Object.keys(post?.responses ?? {})]),
    );
    expect(described).toEqual({
      '/created/above': ['201', ...guard],
      '/created/below': ['201', ...guard],
      '/created/accepted': ['202', ...guard],
      '/created/typed': ['200', ...guard],
      '/created/default': [...guard, 'default'],
      '/created/rejected': ['201', ...guard],
    });
    expect(paths['/created/typed']?.post?.responses['200']).toMatchObject({
      description: 'mine',
      content: { 'application/json': { schema: { type: 'string' } } },
    });
    expect(paths['/created/rejected']?.post?.responses['403']).toMatchObject({ description: 'mine' });
  });

  it('describes the bodies of the errors of a webhook route', async () => {
    const { paths } = await documentOf(WebhooksController);
    const responses = paths['/webhooks/coinflow']?.post?.responses ?? {};
    expect(Object.keys(responses)).toEqual(['200', '400', '401', '415', '500', '503']);
    for (const [status, response] of Object.entries(responses)) {
      if (status === '200') continue;
      expect(response).toMatchObject({
        content: { 'application/json': { schema: { properties: { statusCode: { example: Number(status) } } } } },
      });
    }
    expect(responses['400']).toMatchObject({
      content: {
        'application/json': { schema: { properties: { code: { enum: ['COINFLOW_WEBHOOK_MALFORMED'] } } } },
      },
    });
    expect(responses['500']).toMatchObject({
      content: {
        'application/json': {
          schema: {
            required: ['statusCode', 'message'],
            properties: { code: { enum: ['COINFLOW_MISCONFIGURED'] } },
          },
        },
      },
    });
  });

  it('keeps the responses of a webhook route that the application documents itself', async () => {
    const { paths } = await documentOf(WebhooksController);
    const responses = paths['/webhooks/own']?.post?.responses ?? {};
    expect(Object.keys(responses)).toEqual(['200', '400', '401', '415', '500', '503']);
    expect(responses['200']).toMatchObject({
      description: 'mine',
      content: { 'application/json': { schema: { type: 'string' } } },
    });
    expect(responses['401']).toMatchObject({ description: 'mine' });
  });

  it('adds the signature and the event to the parameters of a webhook route', async () => {
    const { paths } = await documentOf(WebhooksController);
    const { parameters, requestBody } = paths['/webhooks/own']?.post ?? {};
    expect(parameters).toMatchObject([
      { in: 'header', name: 'X-Partner' },
      { in: 'header', name: 'Coinflow-Signature', required: false },
    ]);
    expect(requestBody).toMatchObject({
      required: true,
      content: { 'application/json': { schema: { required: ['eventType', 'category', 'created', 'data'] } } },
    });
  });

  it('documents no 200 of a webhook route that has a default response', async () => {
    const { paths } = await documentOf(WebhooksController);
    const responses = paths['/webhooks/default']?.post?.responses ?? {};
    expect(Object.keys(responses)).toEqual(['400', '401', '415', '500', '503', 'default']);
  });

  it('reads the access of a route from its own guard first, then from the nearest class', async () => {
    const { paths } = await documentOf(MostlyPublicController, ChildController);
    expect(Object.entries(paths).map(([path, { get }]) => [path, get?.security])).toEqual([
      ['/mostly-public/guarded', [scheme]],
      ['/mostly-public/optional', [{}, scheme]],
      ['/mostly-public/public', undefined],
      ['/child/guarded', [scheme]],
    ]);
  });

  it('documents the codes of each error status of a protected route', async () => {
    const { paths } = await documentOf(RoutesController);
    const responses = paths['/routes/guarded']?.get?.responses as Record<
      string,
      { content: object; description: string }
    >;
    expect(responses['503']?.description).toBe('`COINFLOW_UNAVAILABLE`, `COINFLOW_BUDGET_EXHAUSTED`');
    expect(responses['401']).toMatchObject({
      content: {
        'application/json': {
          schema: { properties: { code: { enum: expect.arrayContaining(['COINFLOW_SESSION_KEY_EXPIRED']) } } },
        },
      },
    });
  });

  it('keeps the responses of a protected route that the application documents itself', async () => {
    const { paths } = await documentOf(RoutesController);
    expect(paths['/routes/own']?.get?.responses).toMatchObject({ 401: { description: 'mine' } });
  });

  it('declares the security scheme of session keys', async () => {
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
