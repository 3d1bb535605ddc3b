import type { FastifyReply } from 'fastify';

/** A response of the emulator. */
export interface EmulatorResponse {
  /** @default 200 */
  status?: number;
  /** Sent as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  /** The time before the response. @default 0 */
  delayMs?: number;
}

/** Sends the response. Without a `body` the response is empty. */
export async function sendResponse(
  { status = 200, body, headers = {}, delayMs = 0 }: EmulatorResponse,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (delayMs > 0) await delay(delayMs, reply);
  reply.status(status);
  if (body === undefined || status === 204 || status === 304) return reply.headers(headers).send();
  // Fastify would send a string as text.
  return reply
    .headers({ 'content-type': 'application/json; charset=utf-8', ...headers })
    .serializer(String)
    .send(JSON.stringify(body));
}

/** Ends early if the connection closes, so that no timer is left after the emulator closes. */
export function delay(ms: number, { raw }: FastifyReply): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    raw.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
