import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { EmulatorMerchant } from './merchants.js';
import type { SessionKeyClaims, SessionKeys } from './session-keys.js';

/** Coinflow's authentication endpoints. Errors read as Coinflow's do: a JSON object with one of several text fields. */
export function authRoutes(server: FastifyInstance, merchants: readonly EmulatorMerchant[], keys: SessionKeys): void {
  server.get('/api/auth/session-key', { config: { endpoint: 'session-key' } }, (request, reply) => {
    const apiKey = header(request, 'authorization');
    if (!apiKey) return missing(reply, 'authorization');
    // The API key comes as it is: `Bearer ` in front of it makes it another key, at Coinflow as here.
    const merchant = merchants.find((candidate) => candidate.apiKey === apiKey);
    if (!merchant) return refuse(reply, 401, 'Invalid API key');
    const subject = readSubject(request, reply);
    return subject && { key: keys.sign({ ...subject, merchantId: merchant.merchantId }) };
  });

  server.get('/api/auth/verify', { config: { endpoint: 'verify' } }, (request, reply) => {
    const key = header(request, 'x-coinflow-auth-session-key');
    if (!key) return missing(reply, 'x-coinflow-auth-session-key');
    return keys.isValid(key) ? reply.status(200).send() : refuse(reply, 401, 'Invalid or expired session key');
  });
}

/** Whom the key is for: a user id, or a wallet with its blockchain, and not both. */
function readSubject(request: FastifyRequest, reply: FastifyReply): SessionKeyClaims | undefined {
  const userId = header(request, 'x-coinflow-auth-user-id');
  const wallet = header(request, 'x-coinflow-auth-wallet');
  const blockchain = header(request, 'x-coinflow-auth-blockchain');
  if (userId && wallet) {
    refuse(reply, 400, 'Send either x-coinflow-auth-user-id or x-coinflow-auth-wallet');
  } else if (userId) {
    return { customerId: userId };
  } else if (!wallet) {
    missing(reply, 'x-coinflow-auth-user-id');
  } else if (!blockchain) {
    missing(reply, 'x-coinflow-auth-blockchain');
  } else {
    return { wallet, blockchain };
  }
  return undefined;
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function missing(reply: FastifyReply, name: string): FastifyReply {
  return reply.status(401).send({ details: `Header ${name} is required` });
}

function refuse(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply.status(status).send({ message, debugId: randomUUID() });
}
