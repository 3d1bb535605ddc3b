import { Module, type DynamicModule, type INestApplication, type Provider, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { CoinflowEmulator } from 'coinflow-emulator';
import {
  CoinflowAuthGuard,
  CoinflowAuthModule,
  CoinflowAuthService,
  type CoinflowAuthModuleOptions,
} from 'nestjs-coinflow-auth';
import type { TrustProxy } from '../../apps/sample/src/trust-proxy.js';
import { giveBackEmulator, takeEmulator } from './emulator-pool.js';
import type { CoinflowAuthenticator } from '../../libs/coinflow-auth/src/coinflow-authenticator.js';
import { instanceToken } from '../../libs/coinflow-auth/src/options/tokens.js';
import { GENEROUS_BUDGET } from '../../libs/coinflow-auth/test-doubles/generous-budget.js';
import { RecordingLogger } from './recording-logger.js';
import { send, type SentResponse, type SendOptions } from './send.js';

export const PLATFORMS = ['express', 'fastify'] as const;
export type Platform = (typeof PLATFORMS)[number];

export interface TestAppOptions {
  platform?: Platform;
  controllers?: Type[];
  providers?: Provider[];
  /** Registers the guard for every route. */
  globalGuard?: boolean;
  /** Overrides the options for the emulator. */
  options?: Partial<CoinflowAuthModuleOptions>;
  /** Instead of `CoinflowAuthModule.forRoot(options)`. */
  register?: (options: CoinflowAuthModuleOptions) => DynamicModule;
  /** Whether the application keeps raw bodies, which webhooks require. */
  rawBody?: boolean;
  /** The trusted proxies of the adapter; by default none. */
  trustProxy?: TrustProxy;
  /** Serves HTTP/2 without TLS, on Fastify. */
  http2?: boolean;
  /** Called before the application listens. */
  configure?: (app: INestApplication) => void;
}

export interface TestApp {
  app: INestApplication;
  coinflow: CoinflowEmulator;
  service: CoinflowAuthService;
  /** Authenticates requests for the guard and the service. */
  authenticator: CoinflowAuthenticator;
  logger: RecordingLogger;
  url: string;
  send: (path: string, options?: SendOptions) => Promise<SentResponse>;
  /** Sends a GET request with a session key. */
  get: (path: string, sessionKey?: string) => Promise<SentResponse>;
  close: () => Promise<void>;
}

/** Starts an application on a free port with an emulator of its own. */
export async function createTestApp({
  platform = 'express',
  controllers = [],
  providers = [],
  globalGuard = false,
  options = {},
  register = (complete) => CoinflowAuthModule.forRoot(complete),
  rawBody = false,
  trustProxy = false,
  http2 = false,
  configure,
}: TestAppOptions = {}): Promise<TestApp> {
  const coinflow = await takeEmulator();
  const logger = new RecordingLogger();
  try {
    const module = await Test.createTestingModule({
      imports: [register({ ...optionsFor(coinflow), ...options })],
      controllers,
      providers: [...providers, ...(globalGuard ? [{ provide: APP_GUARD, useClass: CoinflowAuthGuard }] : [])],
    })
      .setLogger(logger)
      .compile();
    const adapter =
      platform === 'fastify' ? new FastifyAdapter({ trustProxy, ...(http2 && { http2 }) }) : new ExpressAdapter();
    if (adapter instanceof ExpressAdapter) adapter.set('trust proxy', trustProxy);
    const app = module.createNestApplication(adapter, { rawBody });
    configure?.(app);
    await app.listen(0, '127.0.0.1');
    return testApp(app, coinflow, logger);
  } catch (error) {
    giveBackEmulator(coinflow);
    throw error;
  }
}

/** The options of the emulator's first merchant. */
export function optionsFor(coinflow: CoinflowEmulator): CoinflowAuthModuleOptions {
  const { merchantId, apiKey } = merchant(coinflow, 0);
  return { env: 'local', baseUrl: coinflow.url, apiKey, merchantId, budget: GENEROUS_BUDGET };
}

/** A valid session key of the emulator's other merchant. */
export function foreignKey(coinflow: CoinflowEmulator, userId = 'alice'): string {
  return coinflow.signSessionKey({ customerId: userId, merchantId: merchant(coinflow, 1).merchantId });
}

/** A valid session key of this merchant that the application has not created and not seen. */
export function unseenKey(coinflow: CoinflowEmulator, claims: Record<string, unknown> = {}): string {
  return coinflow.signSessionKey({ customerId: 'alice', merchantId: merchant(coinflow, 0).merchantId, ...claims });
}

/** The same session key with another signature. */
export function forge(key: string): string {
  const [header, payload] = key.split('.');
  return `${header}.${payload}.${'A'.repeat(43)}`;
}

function merchant(coinflow: CoinflowEmulator, index: 0 | 1): { merchantId: string; apiKey: string } {
  const found = coinflow.merchants[index];
  if (!found) throw new Error(`The emulator has no merchant ${index}`);
  return found;
}

export async function testApp(
  app: INestApplication,
  coinflow: CoinflowEmulator,
  logger: RecordingLogger,
): Promise<TestApp> {
  const url = await app.getUrl();
  return {
    app,
    coinflow,
    logger,
    url,
    service: app.get(CoinflowAuthService),
    authenticator: app.get(instanceToken('authenticator')),
    send: (path, options) => send(url + path, options),
    get: (path, sessionKey) =>
      send(url + path, { headers: sessionKey === undefined ? {} : { 'x-coinflow-auth-session-key': sessionKey } }),
    close: async () => {
      await app.close();
      giveBackEmulator(coinflow);
    },
  };
}

/** An empty module with these controllers, for tables over ways to register. */
export function moduleOf(...controllers: Type[]): Type {
  @Module({ controllers })
  class ModuleUnderTest {}
  return ModuleUnderTest;
}
