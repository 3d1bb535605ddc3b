import type { FastifyReply, FastifyRequest } from 'fastify';

/** The endpoints that can be made to fail. */
export type EmulatorEndpoint = 'session-key' | 'verify';

/** A way to fail. */
export type EmulatorFault =
  /** Coinflow's own error: a status with a JSON body. */
  | { kind: 'status'; status: number; headers?: Record<string, string>; body?: unknown }
  /** A gateway's page: a status with HTML. */
  | { kind: 'html'; status: number }
  /** Exactly these bytes. */
  | { kind: 'raw'; status: number; headers?: Record<string, string>; body: string }
  /** The right answer, late. */
  | { kind: 'delay'; ms: number }
  /** No answer, the connection stays open. */
  | { kind: 'hang' }
  /** The connection is reset. */
  | { kind: 'reset' };

/** Which fault each endpoint has now. */
export class Faults {
  readonly #active = new Map<EmulatorEndpoint, { fault: EmulatorFault; remaining: number }>();

  set(endpoint: EmulatorEndpoint, fault: EmulatorFault, times: number): void {
    this.#active.set(endpoint, { fault, remaining: times });
  }

  clear(): void {
    this.#active.clear();
  }

  /** Answers in the fault's way, or leaves the request to the endpoint. */
  async apply(endpoint: EmulatorEndpoint, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const active = this.#active.get(endpoint);
    if (!active) return;
    active.remaining -= 1;
    if (active.remaining <= 0) this.#active.delete(endpoint);
    await answer(active.fault, request, reply);
  }
}

async function answer(fault: EmulatorFault, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  switch (fault.kind) {
    case 'status':
      return reply
        .status(fault.status)
        .headers(fault.headers ?? {})
        .send(fault.body ?? { message: `Status ${fault.status}` });
    case 'html':
      return reply.status(fault.status).type('text/html').send(`<html><body><h1>${fault.status}</h1></body></html>`);
    case 'raw':
      return reply
        .status(fault.status)
        .headers({ 'content-type': 'text/plain', ...fault.headers })
        .send(fault.body);
    case 'delay':
      return new Promise((resolve) => setTimeout(resolve, fault.ms));
    case 'hang':
      return reply.hijack();
    case 'reset':
      reply.hijack();
      return request.raw.socket.resetAndDestroy();
  }
}
