import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import { HttpStatus, type INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

/** Four levels up: `dist/apps/sample` for the compiled file, the root of the repository for this source file. */
const BASE = join(import.meta.dirname, '..', '..', '..', '..');

const NOT_BUILT = 'The page is not built. Run `npm run build`, then restart. The API is documented at /docs.\n';

interface ResponseWithHeaders {
  header(name: string, value: string): unknown;
}

/** The folder that Vite builds the page into. */
export function pageFolder(): string {
  const fromDist = join(BASE, 'web');
  return existsSync(fromDist) ? fromDist : join(BASE, 'dist', 'apps', 'sample', 'web');
}

/** Serves the page at `/` and its scripts and styles at `/assets`. */
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
    // The name of an asset contains a hash of its content.
    const isImmutable = path.startsWith(assets);
    response.header('Cache-Control', isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache');
  };
  if (adapter instanceof ExpressAdapter) adapter.useStaticAssets(folder, { setHeaders, redirect: false });
  // Without a wildcard there is one route per file, and Nest handles every other path. The types of the adapter's
  // `useStaticAssets` declare a different response for `setHeaders`.
  if (adapter instanceof FastifyAdapter) {
    void adapter
      .getInstance<FastifyInstance>()
      .register(fastifyStatic, { root: folder, setHeaders, wildcard: false, decorateReply: false });
  }
}
