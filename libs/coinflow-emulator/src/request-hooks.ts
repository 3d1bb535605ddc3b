import type { FastifyInstance } from 'fastify';
import { HEADERS } from './credentials.js';
import type { EmulatorParts } from './emulator-parts.js';
import { applyFault } from './fault-responses.js';
import { rateLimited } from './http-error.js';

/** Runs before each endpoint: logs the call, applies the rate limit, then the fault. */
export function requestHooks(server: FastifyInstance, { clock, log, limits, faults, merchants }: EmulatorParts): void {
  server.addHook('onRequest', async (request, reply) => {
    // The Date header of Node would have the time of this machine.
    reply.header('date', clock.httpDate());
    const { endpoint } = request;
    if (!endpoint) return;
    log.record(endpoint, request);

    const waitMs = limits.spend(merchants.withKey(request.headers[HEADERS.apiKey])?.merchantId);
    if (waitMs !== undefined) throw rateLimited(limits.settings.retryAfter, waitMs, clock);

    const fault = faults.take(endpoint);
    if (fault?.afterProcessing) request.lateFault = fault;
    else if (fault) await applyFault(fault, request, reply, { clock, log });
  });

  server.addHook('onSend', (request, reply, payload, done) => {
    log.setStatus(request, reply.statusCode);
    done(null, payload);
  });
}
