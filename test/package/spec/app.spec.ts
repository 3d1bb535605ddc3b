// A test of the user's kind: it runs under Jest (ESM and CommonJS) and Vitest.
import type { INestApplication } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { startCoinflowEmulator, type CoinflowEmulator } from 'coinflow-emulator';
import { CoinflowAuthGuard } from 'nestjs-coinflow-auth';
import { asUser, createTestSession, overrideCoinflowAuth } from 'nestjs-coinflow-auth/testing';
import { AppModule, ShopController } from '../src/app.module.js';

interface Expectation {
  toBe(value: unknown): void;
  toEqual(value: unknown): void;
}

declare const describe: (name: string, suite: () => void) => void;
declare const it: (name: string, test: () => Promise<void> | void) => void;
declare const expect: (value: unknown) => Expectation;
declare const afterEach: (after: () => Promise<void>) => void;

const OPTIONS = { env: 'prod', apiKey: 'none', merchantId: 'none' } as const;

describe('the shop', () => {
  let app: INestApplication | undefined;
  let coinflow: CoinflowEmulator | undefined;

  afterEach(async () => {
    await app?.close();
    await coinflow?.close();
    app = coinflow = undefined;
  });

  async function listen(created: INestApplication): Promise<string> {
    app = created;
    await app.listen(0, '127.0.0.1');
    return app.getUrl();
  }

  it('authenticates alice on every route with overrideCoinflowAuth', async () => {
    const builder = Test.createTestingModule({
      imports: [AppModule.with(OPTIONS)],
      providers: [{ provide: APP_GUARD, useClass: CoinflowAuthGuard }],
    });
    const module = await overrideCoinflowAuth(builder, asUser('alice')).compile();
    const url = await listen(module.createNestApplication({ logger: false }));
    expect(await (await fetch(`${url}/me`)).json()).toEqual({ kind: 'user', userId: 'alice' });
    expect((await fetch(`${url}/payouts`, { method: 'POST' })).status).toBe(201);
  });

  it('authenticates users against the emulator', async () => {
    coinflow = await startCoinflowEmulator({ merchants: [{ merchantId: 'mine', apiKey: 'my-key' }] });
    const options = { env: 'local', baseUrl: coinflow.url, apiKey: 'my-key', merchantId: 'mine' } as const;
    const module = await Test.createTestingModule({ imports: [AppModule.with(options)] }).compile();
    const url = await listen(module.createNestApplication({ logger: false }));
    const { key } = (await (await fetch(`${url}/session-key?user=bob`)).json()) as { key: string };
    const headers = { 'x-coinflow-auth-session-key': key };
    expect((await fetch(`${url}/me`, { headers })).status).toBe(200);
    expect((await fetch(`${url}/me`)).status).toBe(401);
    coinflow.fail('verify', { kind: 'status', status: 503 });
    expect((await fetch(`${url}/payouts`, { method: 'POST', headers })).status).toBe(503);
  });

  it('calls a handler with a session from createTestSession', () => {
    const controller = new ShopController(undefined as never);
    expect(controller.me(createTestSession({ userId: 'carol' }))).toEqual({ kind: 'user', userId: 'carol' });
  });
});
