import { ConsoleLogger, ValidationPipe, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { securityHeaders } from './security-headers.js';
import { StartLogger } from './start-logger.js';
import { setUpSwagger } from './swagger.js';
import { readTrustProxy } from './trust-proxy.js';
import { pageFolder } from './web/page-folder.js';
import { servePage } from './web/serve-page.js';

/** Webhooks are signed over their raw body. */
export const APP_OPTIONS = { rawBody: true };

export type Platform = 'express' | 'fastify';

/** @param verbose shows each module and route that Nest starts */
export async function createApp(platform: Platform, verbose = false): Promise<INestApplication> {
  const logger = verbose ? new ConsoleLogger() : new StartLogger();
  return configureApp(
    await NestFactory.create(AppModule.register(), createAdapter(platform), {
      abortOnError: false,
      logger,
      ...APP_OPTIONS,
    }),
  );
}

/** With whom it believes about clients' addresses: the limits of logins and of session keys go by them. */
export function createAdapter(platform: Platform): ExpressAdapter | FastifyAdapter {
  const trustProxy = readTrustProxy(process.env.TRUST_PROXY);
  if (platform === 'fastify') return new FastifyAdapter({ trustProxy });
  const adapter = new ExpressAdapter();
  adapter.set('trust proxy', trustProxy);
  return adapter;
}

export interface AppSettings {
  /** Where the built page is. */
  page?: string;
}

/** What holds for the whole application, whoever created it. */
export function configureApp(app: INestApplication, { page = pageFolder() }: AppSettings = {}): INestApplication {
  app.use(securityHeaders);
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
  servePage(app, page);
  setUpSwagger(app);
  return app.enableShutdownHooks();
}
