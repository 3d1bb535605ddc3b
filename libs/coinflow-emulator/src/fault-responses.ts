import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallLog } from './calls.js';
import type { EmulatorClock } from './clock.js';
import type { EmulatorFault } from './faults.js';
import { rateLimited } from './http-error.js';
import { delay } from './responses.js';

const TRUNCATED_BODY = '{"message":"This response ends before it sh';
const FULL_LENGTH = 4_096;
const DEFAULT_WAIT_SECONDS = 60;

/**
 * Sends the response of the fault and logs its status. A delay leaves the response to the endpoint.
 * @throws `HttpError` for the fault `rate-limited`
 */
export async function applyFault(
  fault: EmulatorFault,
  request: FastifyRequest,
  reply: FastifyReply,
  { clock, log }: { clock: EmulatorClock; log: CallLog },
): Promise<void> {
  await respond(fault, request, reply, clock);
  // A response that is written to the socket directly runs no onSend hook.
  if (reply.raw.headersSent) log.setStatus(request, reply.raw.statusCode);
}

async function respond(
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
      throw rateLimited(fault.retryAfter ?? 'seconds', (fault.afterSeconds ?? DEFAULT_WAIT_SECONDS) * 1_000, clock);
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

function truncate(status: number, reply: FastifyReply): void {
  const { raw } = reply.hijack();
  raw.writeHead(status, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    'content-type': 'application/json',
    'content-length': FULL_LENGTH,
    connection: 'close',
  });
  raw.write(TRUNCATED_BODY, () => raw.socket?.destroySoon());
}
