// One copy of the package imported, one required, in one application: the module of either, the decorators, guard and
// errors of the other.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { Controller, Get, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { startCoinflowEmulator } from 'coinflow-emulator';
import * as imported from 'nestjs-coinflow-auth';

type Copy = typeof imported;

const required = createRequire(import.meta.url)('nestjs-coinflow-auth') as Copy;
assert.notEqual(required.CoinflowAuthService, imported.CoinflowAuthService, 'there must be two copies');

const coinflow = await startCoinflowEmulator();
const [merchant] = coinflow.merchants;
assert(merchant);

await mix(imported, required);
await mix(required, imported);
await coinflow.close();
console.log('ok');

async function mix(registered: Copy, used: Copy): Promise<void> {
  const { CoinflowAuth, CoinflowOptional, CurrentSession, InjectCoinflowAuth } = used;

  class ShopController {
    constructor(readonly service: imported.CoinflowAuthService) {}

    me(session: imported.CoinflowSession): unknown {
      return session.subject;
    }

    async create(): Promise<unknown> {
      return (await this.service.createSessionKey({ userId: '' })).key;
    }
  }
  decorateMethod(ShopController, 'me', [Get('me'), CoinflowAuth(), registered.CoinflowAuth({ maxAgeMs: 5_000 })]);
  decorateMethod(ShopController, 'create', [Get('create'), CoinflowOptional()]);
  CurrentSession()(ShopController.prototype, 'me', 0);
  InjectCoinflowAuth()(ShopController, undefined, 0);
  Reflect.defineMetadata('design:paramtypes', [Object], ShopController);
  Controller()(ShopController);

  const app = await NestFactory.create(moduleOf(registered, ShopController), { logger: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const session = await app.get(registered.CoinflowAuthService).createSessionKey({ userId: 'alice' });
  const me = await fetch(`${url}/me`, { headers: { 'x-coinflow-auth-session-key': session.key } });
  assert.deepEqual([me.status, await me.json()], [200, { kind: 'user', userId: 'alice' }]);
  assert.equal((await fetch(`${url}/me`)).status, 401);
  // Thrown by one copy, mapped by the filter of the other.
  const denied = await fetch(`${url}/create`);
  assert.deepEqual(
    [denied.status, ((await denied.json()) as { code: string }).code],
    [400, 'COINFLOW_INVALID_ARGUMENT'],
  );

  const error: unknown = await app
    .get(registered.CoinflowAuthService)
    .verifySessionKey('')
    .catch((reason: unknown) => reason);
  assert(error instanceof used.CoinflowAuthError && error instanceof used.CoinflowSessionKeyMissingError);
  assert(used.isCoinflowAuthError(error) && used.toHttpException(error).getStatus() === 401);
  await app.close();
}

function moduleOf(registered: Copy, controller: Type): Type {
  class AppModule {}
  Module({
    imports: [registered.CoinflowAuthModule.forRoot({ env: 'local', baseUrl: coinflow.url, ...merchant! })],
    controllers: [controller],
  })(AppModule);
  return AppModule;
}

function decorateMethod(target: Type, name: string, decorators: MethodDecorator[]): void {
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name)!;
  for (const decorate of decorators) decorate(target.prototype as object, name, descriptor);
}
