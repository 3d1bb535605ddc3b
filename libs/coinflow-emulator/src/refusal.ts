import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { EmulatorClock } from './clock.js';
import { retryAfterHeaders, type EmulatorRetryAfter } from './retry-after.js';

/** A no, in Coinflow's voice: a status, and a JSON object with one of several text fields. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly body: Readonly<Record<string, string>>,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(Object.values(body)[0]);
  }
}

export function missingHeader(name: string): Refusal {
  return new Refusal(401, { details: `Header ${name} is required` });
}

export function refused(status: number, message: string, headers?: Record<string, string>): Refusal {
  return new Refusal(status, { message, debugId: randomUUID() }, headers);
}

/** Makes a refusal that is thrown anywhere the answer. */
export function answerRefusals(server: FastifyInstance): void {
  server.setErrorHandler((error, _request, reply) => {
    if (!(error instanceof Refusal)) throw error;
    return reply.status(error.status).headers(error.headers).send(error.body);
  });
}

/** What Coinflow says to one request too many. */
export function rateLimited(form: EmulatorRetryAfter, waitMs: number, clock: EmulatorClock): Refusal {
  return refused(429, 'Too many requests', retryAfterHeaders(form, waitMs, clock));
}
