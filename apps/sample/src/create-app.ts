import { ValidationPipe, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { setUpSwagger } from './swagger.js';

/** Webhooks are signed over their raw body. */
export const APP_OPTIONS = { rawBody: true };

export type Platform = 'express' | 'fastify';

export async function createApp(platform: Platform): Promise<INestApplication> {
  return configureApp(
    await NestFactory.create(AppModule.register(), createAdapter(platform), { abortOnError: false, ...APP_OPTIONS }),
  );
}

export function createAdapter(platform: Platform): ExpressAdapter | FastifyAdapter {
  return platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
}

/** What holds for the whole application, whoever created it. */
export function configureApp(app: INestApplication): INestApplication {
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
  setUpSwagger(app);
  return app.enableShutdownHooks();
}
