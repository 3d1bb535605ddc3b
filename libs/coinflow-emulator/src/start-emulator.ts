import Fastify, { type FastifyInstance } from 'fastify';
import { authRoutes } from './auth-routes.js';
import { CallLog, type EmulatorCall } from './calls.js';
import { Faults, type EmulatorEndpoint, type EmulatorFault } from './faults.js';
import { DEFAULT_MERCHANTS, type EmulatorMerchant } from './merchants.js';
import { SessionKeys, type SessionKeyClaims } from './session-keys.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    endpoint?: EmulatorEndpoint;
  }
}

/** What an emulator can be started with. */
export interface CoinflowEmulatorOptions {
  /**
   * 0 takes a free one.
   * @default 0
   */
  port?: number;
  /**
   * The address to listen at. Everybody who reaches it can mint session keys.
   * @default '127.0.0.1'
   */
  host?: string;
  /**
   * The merchants that exist, each with its API key.
   * @default DEFAULT_MERCHANTS: `demo-merchant` and `other-merchant`
   */
  merchants?: readonly EmulatorMerchant[];
}

/** A running emulator. Each has a secret of its own: a session key of one is forged for every other. */
export class CoinflowEmulator {
  /** The base URL to give to clients, such as `http://127.0.0.1:4010`. */
  readonly url: string;
  readonly merchants: readonly EmulatorMerchant[];

  readonly #server: FastifyInstance;
  readonly #keys: SessionKeys;
  readonly #faults: Faults;
  readonly #log: CallLog;

  /** @internal Use {@link startCoinflowEmulator}. */
  constructor(url: string, merchants: readonly EmulatorMerchant[], parts: EmulatorParts) {
    this.url = url;
    this.merchants = merchants;
    this.#server = parts.server;
    this.#keys = parts.keys;
    this.#faults = parts.faults;
    this.#log = parts.log;
  }

  /** The newest calls, at most 10,000, secrets masked. */
  get calls(): readonly EmulatorCall[] {
    return this.#log.calls;
  }

  /** How often an endpoint was called since the start, or since {@link clearCalls}. */
  countCalls(endpoint: EmulatorEndpoint): number {
    return this.#log.count(endpoint);
  }

  clearCalls(): void {
    this.#log.clear();
  }

  /**
   * Makes an endpoint fail until {@link heal}.
   * @param times how often; without it, every time
   */
  fail(endpoint: EmulatorEndpoint, fault: EmulatorFault, times = Infinity): void {
    this.#faults.set(endpoint, fault, times);
  }

  /** Ends all faults. */
  heal(): void {
    this.#faults.clear();
  }

  /** Makes a validly signed session key with any claims: an expired one, another merchant's, one without `exp`. */
  signSessionKey(claims: SessionKeyClaims): string {
    return this.#keys.sign(claims);
  }

  /** Ends all connections and stops. */
  close(): Promise<void> {
    return this.#server.close();
  }
}

interface EmulatorParts {
  server: FastifyInstance;
  keys: SessionKeys;
  faults: Faults;
  log: CallLog;
}

/**
 * Starts a local Coinflow.
 * @throws when the port is taken (`EADDRINUSE`)
 * @example
 * const coinflow = await startCoinflowEmulator();
 * const response = await fetch(`${coinflow.url}/api/auth/session-key`, {
 *   headers: { authorization: coinflow.merchants[0].apiKey, 'x-coinflow-auth-user-id': 'alice' },
 * });
 * await coinflow.close();
 */
export async function startCoinflowEmulator({
  port = 0,
  host = '127.0.0.1',
  merchants = DEFAULT_MERCHANTS,
}: CoinflowEmulatorOptions = {}): Promise<CoinflowEmulator> {
  const server = Fastify({ forceCloseConnections: true });
  const keys = new SessionKeys();
  const faults = new Faults();
  const log = new CallLog();

  server.addHook('onRequest', async (request, reply) => {
    const { endpoint } = request.routeOptions.config;
    if (!endpoint) return;
    log.record(endpoint, request);
    await faults.apply(endpoint, request, reply);
  });
  server.get('/', () => ({ emulates: 'Coinflow', merchants: merchants.map(({ merchantId }) => merchantId) }));
  authRoutes(server, merchants, keys);

  const url = await server.listen({ port, host });
  return new CoinflowEmulator(url, merchants, { server, keys, faults, log });
}
