import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, ParseIntPipe, ValidationPipe, type ValidationPipeOptions } from '@nestjs/common';
import { CoinflowAuth, CoinflowOptional, CoinflowSession, CurrentSession } from 'nestjs-coinflow-auth';
import { PLATFORMS, createTestApp, unseenKey, type TestApp } from './harness/create-test-app.js';

@Controller()
class RoutesController {
  @Get('sessions/:id')
  @CoinflowAuth()
  session(
    @Param('id', ParseIntPipe) id: number,
    @CurrentSession() session: CoinflowSession,
    @CurrentSession('expiresAt') expiresAt: Date,
  ): object {
    const isReal = session instanceof CoinflowSession && Object.isFrozen(session);
    return { id, key: session.key, isReal: isReal && session.expiresAt?.getTime() === expiresAt.getTime() };
  }

  @Get('visits')
  @CoinflowOptional()
  visit(@CurrentSession() session?: CoinflowSession): object {
    return { isAnonymous: session === undefined };
  }
}

const OPTIONS: [string, ValidationPipeOptions][] = [
  ['no other option', {}],
  ['transform', { transform: true }],
  ['whitelist', { transform: true, whitelist: true, forbidNonWhitelisted: true }],
  ['forbidUnknownValues', { transform: true, forbidUnknownValues: true }],
  ['implicit conversion', { transform: true, transformOptions: { enableImplicitConversion: true } }],
];

describe.each(PLATFORMS)('a ValidationPipe that validates custom decorators, on %s', (platform) => {
  let app: TestApp;

  afterEach(() => app.close());

  it.each(OPTIONS)('passes the session itself to the handler with %s', async (_, options) => {
    app = await createTestApp({
      platform,
      controllers: [RoutesController],
      configure: (nest) => void nest.useGlobalPipes(new ValidationPipe({ validateCustomDecorators: true, ...options })),
    });
    const key = unseenKey(app.coinflow);
    expect(await app.get('/sessions/42', key)).toMatchObject({ status: 200, body: { id: 42, key, isReal: true } });
    expect(await app.get('/visits')).toMatchObject({ status: 200, body: { isAnonymous: true } });
    expect(await app.get('/visits', key)).toMatchObject({ status: 200, body: { isAnonymous: false } });
  });
});
