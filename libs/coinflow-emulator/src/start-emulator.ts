import Fastify from 'fastify';
import { authRoutes } from './auth-routes.js';
import { CoinflowEmulator } from './coinflow-emulator.js';
import { controlRoutes } from './control/control-routes.js';
import { cors, readOrigins } from './cors.js';
import type { CoinflowEmulatorOptions } from './emulator-options.js';
import { EmulatorParts } from './emulator-parts.js';
import { frontDoor } from './front-door.js';
import { checkHost, readHosts } from './hosts.js';
import { answerRefusals } from './refusal.js';

/**
 * Starts a local Coinflow.
 * @throws when the port is taken (`EADDRINUSE`)
 * @throws {RangeError} naming the option that cannot be
 * @example
 * const coinflow = await startCoinflowEmulator();
 * const response = await fetch(`${coinflow.url}/api/auth/session-key`, {
 *   headers: { authorization: coinflow.merchants[0].apiKey, 'x-coinflow-auth-user-id': 'alice' },
 * });
 * await coinflow.close();
 */
export async function startCoinflowEmulator(options: CoinflowEmulatorOptions = {}): Promise<CoinflowEmulator> {
  const { port = 0, host = '127.0.0.1', control = 'loopback' } = options;
  const names = [host.toLowerCase(), ...readHosts(options.allowHosts)];
  const allowOrigins = readOrigins(options.allowOrigins);
  const parts = new EmulatorParts(options);
  const server = Fastify({ forceCloseConnections: true });
  answerRefusals(server);
  checkHost(server, names);
  cors(server, allowOrigins);
  frontDoor(server, parts);
  server.get('/', () => ({ emulates: 'Coinflow', merchants: parts.merchants.ids }));
  authRoutes(server, parts);
  controlRoutes(server, parts, { control, names });

  const url = await server.listen({ port, host });
  return new CoinflowEmulator(url, server, parts);
}
