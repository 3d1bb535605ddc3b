import type { FastifyInstance } from 'fastify';
import { HEADERS } from './credentials.js';
import { operationMethods } from './endpoint-lookup.js';
import { isLoopbackUrl } from './hosts.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    preflight?: boolean;
  }
}

const REQUEST_HEADERS = [
  ...Object.values(HEADERS),
  'x-coinflow-client-ip',
  'x-coinflow-submerchant-id',
  'x-device-id',
  'content-type',
].join(', ');

/**
 * Allows pages of this machine and of the allowed origins to call the endpoints of Coinflow. The control API stays
 * closed to pages of other origins.
 */
export function cors(server: FastifyInstance, allowed: readonly string[]): void {
  server.addHook('onRequest', (request, reply, done) => {
    const { preflight } = request.routeOptions.config;
    if (!request.endpoint && !preflight) return done();
    reply.header('vary', 'origin');
    const { origin } = request.headers;
    if (origin !== undefined && (isLoopbackOrigin(origin) || allowed.includes(origin))) {
      reply.header('access-control-allow-origin', origin);
      if (preflight) {
        const methods = operationMethods(request.url).join(', ') || 'GET';
        reply.headers({ 'access-control-allow-methods': methods, 'access-control-allow-headers': REQUEST_HEADERS });
      }
    }
    done();
  });

  for (const path of ['/api/auth', '/api/auth/session-key', '/api/auth/verify']) {
    server.options(path, { config: { preflight: true } }, (_request, reply) => reply.status(204).send());
  }
  server.options('/api/*', { config: { preflight: true } }, (request, reply) =>
    operationMethods(request.url).length > 0 ? reply.status(204).send() : reply.callNotFound(),
  );
}

/** Browsers resolve every name below `localhost` to this machine, without a DNS lookup. */
function isLoopbackOrigin(origin: string): boolean {
  return isLoopbackUrl(origin) || /^https?:\/\/[\w.-]+\.localhost(?::\d+)?$/.test(origin);
}
