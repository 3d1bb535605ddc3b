import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const TYPES: Record<string, string> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** Serves a folder below a base path as GitHub Pages does: `/guides/testing` is the file `guides/testing.html`. */
export async function serveSite(folder: string, base: string): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    void respond(folder, base, request.url ?? '/').then(({ status, type, body }) => {
      response.writeHead(status, { 'content-type': type }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${base}`, close: () => close(server) };
}

/** The file of a path below the base, or `undefined`. */
export function fileOf(base: string, url: string): string | undefined {
  const path = decodeURIComponent(new URL(url, 'http://site').pathname);
  if (!path.startsWith(base)) return undefined;
  const file = normalize(path.slice(base.length));
  if (file === '.' || file.endsWith('/')) return join(file, 'index.html');
  return extname(file) === '' || !(extname(file) in TYPES) ? `${file}.html` : file;
}

async function respond(
  folder: string,
  base: string,
  url: string,
): Promise<{ status: number; type: string; body: Buffer }> {
  const file = fileOf(base, url);
  const read = (name: string): Promise<Buffer | undefined> => readFile(join(folder, name)).catch(() => undefined);
  const body = file === undefined ? undefined : await read(file);
  if (body) return { status: 200, type: TYPES[extname(file ?? '')] ?? 'application/octet-stream', body };
  return { status: 404, type: 'text/html; charset=utf-8', body: (await read('404.html')) ?? Buffer.from('') };
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
