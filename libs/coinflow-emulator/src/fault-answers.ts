import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EmulatorClock } from './clock.js';
import type { EmulatorFault } from './faults.js';
import { rateLimited } from './refusal.js';

const HALF_A_BODY = '{"message":"This answer ends before it sh';
const WHOLE_LENGTH = 4_096;
const USUAL_WAIT_SECONDS = 60;

/**
 * Answers in the fault's way, or leaves the request to the endpoint.
 * @throws {Refusal} for a fault that is Coinflow's own no
 */
export async function answerWith(
  fault: EmulatorFault,
  request: FastifyRequest,
  reply: FastifyReply,
  clock: EmulatorClock,
): Promise<unknown> {
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
    case 'non-json':
      return reply
        .status(fault.status ?? 200)
        .header('content-type', 'application/json; charset=utf-8')
        .serializer(String)
        .send('This is not JSON');
    case 'ok':
      return reply.status(200).send();
    case 'rate-limited':
      throw rateLimited(fault.retryAfter ?? 'seconds', (fault.afterSeconds ?? USUAL_WAIT_SECONDS) * 1_000, clock);
    case 'delay':
      return delay(fault.ms, reply);
    case 'truncated':
      return truncate(fault.status ?? 200, reply);
    case 'hang':
      return reply.hijack();
    case 'reset':
      reply.hijack();
      return request.raw.socket.resetAndDestroy();
  }
}

/** Ends early with the connection, so that nothing outlives a closed emulator. */
function delay(ms: number, { raw }: FastifyReply): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    raw.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function truncate(status: number, reply: FastifyReply): void {
  const { raw } = reply.hijack();
  raw.writeHead(status, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    'content-type': 'application/json',
    'content-length': WHOLE_LENGTH,
    connection: 'close',
  });
  raw.write(HALF_A_BODY, () => raw.socket?.destroySoon());
}
