import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import { HttpStatus, type INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

const NOT_BUILT = 'The page is not built: run `npm run build`, then start again. The API is described at /docs.\n';

interface ResponseWithHeaders {
  header(name: string, value: string): unknown;
}

/** Serves the page at `/`, and the files that it consists of at `/assets`. */
export function servePage(app: INestApplication, folder: string): void {
  const adapter = app.getHttpAdapter();
  if (!existsSync(join(folder, 'index.html'))) {
    adapter.get('/', (_request: unknown, response: unknown) => {
      adapter.setHeader(response, 'Content-Type', 'text/plain; charset=utf-8');
      adapter.reply(response, NOT_BUILT, HttpStatus.NOT_FOUND);
    });
    return;
  }
  const assets = join(folder, 'assets') + sep;
  const setHeaders = (response: ResponseWithHeaders, path: string): void => {
    // The name of an asset has a hash of what is in it.
    const isForever = path.startsWith(assets);
    response.header('Cache-Control', isForever ? 'public, max-age=31536000, immutable' : 'no-cache');
  };
  if (adapter instanceof ExpressAdapter) adapter.useStaticAssets(folder, { setHeaders, redirect: false });
  // A route for each file: what is not one of them is Nest's to answer. (The types of the adapter's own `useStaticAssets`
  // know another response than the one that `setHeaders` gets.)
  if (adapter instanceof FastifyAdapter) {
    void adapter
      .getInstance<FastifyInstance>()
      .register(fastifyStatic, { root: folder, setHeaders, wildcard: false, decorateReply: false });
  }
}
