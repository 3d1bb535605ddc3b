import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EmulatorParts } from './emulator-parts.js';
import { applyFault } from './fault-responses.js';
import { sendResponse, type EmulatorResponse } from './responses.js';

/**
 * Processes a request and sends the response. A fault with `afterProcessing` happens in between: it replaces the response,
 * be it a success or an error.
 */
export async function processRequest(
  { clock, log }: EmulatorParts,
  request: FastifyRequest,
  reply: FastifyReply,
  process: () => EmulatorResponse,
): Promise<FastifyReply> {
  const send = outcomeOf(process);
  if (request.lateFault) {
    await applyFault(request.lateFault, request, reply, { clock, log });
    if (reply.sent) return reply;
  }
  return sendResponse(send(), reply);
}

/** Runs a function. Returns one that repeats its outcome: returns its result or throws its error. */
function outcomeOf<T>(run: () => T): () => T {
  try {
    const result = run();
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
