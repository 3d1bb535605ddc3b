import type { FastifyInstance } from 'fastify';
import { HEADERS } from './credentials.js';
import type { EmulatorParts } from './emulator-parts.js';
import { answerWith } from './fault-answers.js';
import type { EmulatorEndpoint } from './faults.js';
import { rateLimited } from './refusal.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    endpoint?: EmulatorEndpoint;
  }
}

/** What every request meets before its endpoint does: the log, the rate limit, the fault. */
export function frontDoor(server: FastifyInstance, { clock, log, limits, faults, merchants }: EmulatorParts): void {
  server.addHook('onRequest', async (request, reply) => {
    // Node's own would be of this machine's clock.
    reply.header('date', clock.httpDate());
    const { endpoint } = request.routeOptions.config;
    if (!endpoint) return;
    log.record(endpoint, request);

    const waitMs = limits.spend(merchants.withKey(request.headers[HEADERS.apiKey])?.merchantId);
    if (waitMs !== undefined) throw rateLimited(limits.settings.retryAfter, waitMs, clock);

    const fault = faults.take(endpoint);
    if (!fault) return;
    await answerWith(fault, request, reply, clock);
    // An answer that was written past Fastify does not come by the hook below.
    if (reply.raw.headersSent) log.answered(request, reply.raw.statusCode);
  });

  server.addHook('onSend', (request, reply, payload, done) => {
    log.answered(request, reply.statusCode);
    done(null, payload);
  });
}
