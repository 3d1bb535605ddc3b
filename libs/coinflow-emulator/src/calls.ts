import type { FastifyRequest } from 'fastify';
import type { EmulatorClock } from './clock.js';
import type { EmulatorEndpoint } from './faults.js';

/** A call that the emulator received. Secrets among its headers are masked. */
export interface EmulatorCall {
  readonly endpoint: EmulatorEndpoint;
  readonly method: string;
  /** The status of the response; `undefined` before it, and if a fault prevents it. */
  readonly status: number | undefined;
  /** The time of the call by the emulator's clock, as in `2026-01-01T00:00:00.000Z`. */
  readonly at: string;
  readonly headers: Readonly<Record<string, string>>;
}

const SECRET_HEADERS = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'x-coinflow-auth-session-key',
  'x-coinflow-auth-signed-message',
]);
const JWT = /eyJ[\w-]*\.[\w-]+\.[\w-]*/;
const MAX_CALLS = 10_000;

/** The newest 10,000 calls, and the number of all calls. */
export class CallLog {
  #calls: EmulatorCall[] = [];
  readonly #counts = new Map<EmulatorEndpoint, number>();
  /** Weak, so that a call without a response is freed with its request. */
  readonly #pending = new WeakMap<FastifyRequest, { status: number | undefined }>();

  /** @param isSecret recognises secrets that a client has sent in the wrong header */
  constructor(
    private readonly clock: EmulatorClock,
    private readonly isSecret: (value: string) => boolean,
  ) {}

  get calls(): readonly EmulatorCall[] {
    return this.#calls;
  }

  get counts(): Record<EmulatorEndpoint, number> {
    return {
      message: this.count('message'),
      'session-key': this.count('session-key'),
      verify: this.count('verify'),
    };
  }

  record(endpoint: EmulatorEndpoint, request: FastifyRequest): void {
    const call = {
      endpoint,
      method: request.method,
      status: undefined,
      at: new Date(this.clock.nowMs()).toISOString(),
      headers: this.#masked(request.headers),
    };
    this.#pending.set(request, call);
    this.#calls.push(call);
    if (this.#calls.length > MAX_CALLS) this.#calls.shift();
    this.#counts.set(endpoint, this.count(endpoint) + 1);
  }

  /** Adds the status of the response to a recorded call. */
  setStatus(request: FastifyRequest, status: number): void {
    const call = this.#pending.get(request);
    if (call) call.status = status;
  }

  count(endpoint: EmulatorEndpoint): number {
    return this.#counts.get(endpoint) ?? 0;
  }

  clear(): void {
    this.#calls = [];
    this.#counts.clear();
  }

  #masked(headers: FastifyRequest['headers']): Record<string, string> {
    const shown = Object.entries(headers).map(([name, value]): [string, string] => {
      const text = String(value);
      return [name, SECRET_HEADERS.has(name) || JWT.test(text) || this.isSecret(text) ? '***' : text];
    });
    return Object.fromEntries(shown);
  }
}
