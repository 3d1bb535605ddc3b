import type { FastifyRequest } from 'fastify';
import type { EmulatorEndpoint } from './faults.js';

/** A call that the emulator received. Secrets among its headers are masked. */
export interface EmulatorCall {
  endpoint: EmulatorEndpoint;
  headers: Readonly<Record<string, string>>;
}

const SECRET_HEADERS = new Set(['authorization', 'x-coinflow-auth-session-key', 'x-coinflow-auth-signed-message']);
const MAX_CALLS = 10_000;

/** What was called, the newest 10,000 calls of it. */
export class CallLog {
  #calls: EmulatorCall[] = [];
  readonly #counts = new Map<EmulatorEndpoint, number>();

  get calls(): readonly EmulatorCall[] {
    return this.#calls;
  }

  record(endpoint: EmulatorEndpoint, { headers }: FastifyRequest): void {
    const shown = Object.entries(headers).map(([name, value]) => [
      name,
      SECRET_HEADERS.has(name) ? '***' : String(value),
    ]);
    this.#calls.push({ endpoint, headers: Object.fromEntries(shown) as Record<string, string> });
    if (this.#calls.length > MAX_CALLS) this.#calls.shift();
    this.#counts.set(endpoint, this.count(endpoint) + 1);
  }

  count(endpoint: EmulatorEndpoint): number {
    return this.#counts.get(endpoint) ?? 0;
  }

  clear(): void {
    this.#calls = [];
    this.#counts.clear();
  }
}
