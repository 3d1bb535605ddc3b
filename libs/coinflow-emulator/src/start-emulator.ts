import Fastify from 'fastify';
import { authRoutes } from './auth-routes.js';
import { CoinflowEmulator } from './coinflow-emulator.js';
import { controlRoutes } from './control/control-routes.js';
import { cors } from './cors.js';
import type { CoinflowEmulatorOptions } from './emulator-options.js';
import { EmulatorParts } from './emulator-parts.js';
import { lookUpEndpoints } from './endpoint-lookup.js';
import { challengePage } from './operations/challenge-page.js';
import { operationRoutes } from './operations/operation-routes.js';
import { requestHooks } from './request-hooks.js';
import { checkHost } from './hosts.js';
import { handleHttpErrors } from './http-error.js';
import { readHosts, readOrigins } from './validation.js';

/**
 * Starts a local Coinflow.
 * @throws if the port is in use (`EADDRINUSE`)
 * @throws `RangeError` naming the invalid option
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
  handleHttpErrors(server);
  lookUpEndpoints(server);
  checkHost(server, names);
  cors(server, allowOrigins);
  requestHooks(server, parts);
  server.get('/', () => ({ emulates: 'Coinflow', merchants: parts.merchants.ids }));
  authRoutes(server, parts);
  operationRoutes(server, parts);
  challengePage(server, parts);
  controlRoutes(server, parts, { control, names });

  const url = await server.listen({ port, host });
  return new CoinflowEmulator(url, server, parts);
}
