import type { FastifyInstance } from 'fastify';
import { HEADERS } from './credentials.js';
import type { EmulatorParts } from './emulator-parts.js';
import { respondWithFault } from './fault-responses.js';
import type { EmulatorEndpoint } from './faults.js';
import { rateLimited } from './http-error.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    endpoint?: EmulatorEndpoint;
  }
}

/** Runs before each endpoint: logs the call, applies the rate limit, then the fault. */
export function requestHooks(server: FastifyInstance, { clock, log, limits, faults, merchants }: EmulatorParts): void {
  server.addHook('onRequest', async (request, reply) => {
    // The Date header of Node would have the time of this machine.
    reply.header('date', clock.httpDate());
    const { endpoint } = request.routeOptions.config;
    if (!endpoint) return;
    log.record(endpoint, request);

    const waitMs = limits.spend(merchants.withKey(request.headers[HEADERS.apiKey])?.merchantId);
    if (waitMs !== undefined) throw rateLimited(limits.settings.retryAfter, waitMs, clock);

    const fault = faults.take(endpoint);
    if (!fault) return;
    await respondWithFault(fault, request, reply, clock);
    // A response that is written to the socket directly does not run the hook below.
    if (reply.raw.headersSent) log.setStatus(request, reply.raw.statusCode);
  });

  server.addHook('onSend', (request, reply, payload, done) => {
    log.setStatus(request, reply.statusCode);
    done(null, payload);
  });
}
