import { ConsoleLogger, ValidationPipe, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { EmulatorControl } from '../page/backend/emulator/emulator-control.js';
import { pageFolder, servePage } from '../page/backend/serve-page.js';
import { AppModule } from './app.module.js';
import { securityHeaders } from './security-headers.js';
import { setUpSwagger } from './swagger.js';
import { readTrustProxy } from './trust-proxy.js';

/** Webhook signatures are computed over the raw body. */
export const APP_OPTIONS = { rawBody: true };

export type Platform = 'express' | 'fastify';

/** @param verbose logs each module and route at startup */
export async function createApp(platform: Platform, verbose = false): Promise<INestApplication> {
  const logger = verbose ? new ConsoleLogger() : new StartupLogger();
  return configureApp(
    await NestFactory.create(AppModule.register(), createAdapter(platform), {
      abortOnError: false,
      logger,
      ...APP_OPTIONS,
    }),
  );
}

/** `TRUST_PROXY` decides which address counts as the client's in the rate limits of logins and session keys. */
export function createAdapter(platform: Platform): ExpressAdapter | FastifyAdapter {
  const trustProxy = readTrustProxy(process.env.TRUST_PROXY);
  if (platform === 'fastify') return new FastifyAdapter({ trustProxy });
  const adapter = new ExpressAdapter();
  adapter.set('trust proxy', trustProxy);
  return adapter;
}

export interface AppSettings {
  /** The folder of the built page. */
  page?: string;
}

/** Applies the settings that `npm start` and the tests share. */
export function configureApp(app: INestApplication, { page = pageFolder() }: AppSettings = {}): INestApplication {
  app.use(securityHeaders(app.get(EmulatorControl, { strict: false }).origin));
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
  servePage(app, page);
  setUpSwagger(app);
  return app.enableShutdownHooks();
}

/** The logger contexts of Nest that log each module and route at startup. */
const STARTUP_CONTEXTS = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
  'GraphQLModule',
]);

/** Leaves out the lines that Nest logs about each module and route at startup. Warnings and errors stay. */
export class StartupLogger extends ConsoleLogger {
  override log(message: unknown, ...rest: unknown[]): void {
    if (!STARTUP_CONTEXTS.has(String(rest.at(-1)))) super.log(message, ...(rest as [string?]));
  }
}
