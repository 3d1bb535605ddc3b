import type { FastifyInstance } from 'fastify';
import { walletsOf } from './chains/blockchains.js';
import { Credentials, whoVouches } from './credentials.js';
import type { EmulatorParts } from './emulator-parts.js';
import { refused } from './refusal.js';
import { vouchedByApiKey, vouchedBySignature } from './session-subjects.js';

/** Coinflow's authentication endpoints. */
export function authRoutes(server: FastifyInstance, { merchants, messages, issuance, keys }: EmulatorParts): void {
  server.get('/api/auth', { config: { endpoint: 'message' } }, (request) => {
    const credentials = new Credentials(request.headers);
    const wallets = walletsOf(credentials.require('wallet'), credentials.get('blockchain'));
    return { message: messages.handOut(...wallets) };
  });

  server.get('/api/auth/session-key', { config: { endpoint: 'session-key' } }, (request) => {
    const credentials = new Credentials(request.headers);
    const claims =
      whoVouches(credentials) === 'signature'
        ? vouchedBySignature(credentials, merchants, messages)
        : vouchedByApiKey(credentials, merchants);
    return { key: issuance.create(claims) };
  });

  server.get('/api/auth/verify', { config: { endpoint: 'verify' } }, (request, reply) => {
    const key = new Credentials(request.headers).require('sessionKey');
    if (!keys.isValid(key)) throw refused(401, 'Invalid or expired session key');
    return reply.status(200).send();
  });
}
