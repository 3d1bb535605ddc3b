import type { FastifyRequest } from 'fastify';
import type { EmulatorClock } from './clock.js';
import { containsCardNumber } from './card-numbers.js';
import { credentialsOf } from './credentials.js';
import { AUTH_ENDPOINTS, type EmulatorEndpoint } from './faults.js';

/** A call that the emulator received, without its body. Secrets in its path and headers are masked. */
export interface EmulatorCall {
  readonly endpoint: EmulatorEndpoint;
  readonly method: string;
  /** The path without the query, as in `/api/auth/verify`. */
  readonly path: string;
  /**
   * The credentials that the call carried: `session`, `user`, `merchant`, `wallet` (the last three with the API key),
   * `signed-wallet`, several joined by `+`, or `none`.
   */
  readonly credentials: string;
  /** The status of the response; `undefined` before it, and if a fault prevents it. */
  readonly status: number | undefined;
  /** The time of the call by the emulator's clock, as in `2026-01-01T00:00:00.000Z`. */
  readonly at: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the log reads of a request. */
type RecordedRequest = Pick<FastifyRequest, 'method' | 'url' | 'headers'>;

const SECRET_HEADERS = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'x-coinflow-auth-session-key',
  'x-coinflow-auth-signed-message',
]);
const JWT = /eyJ[\w-]*\.[\w-]+\.[\w-]*/;
const MASK = '***';
const MAX_CALLS = 10_000;

/** The newest 10,000 calls, and the number of all calls. */
export class CallLog {
  #calls: EmulatorCall[] = [];
  readonly #counts = new Map<EmulatorEndpoint, number>();
  /** Weak, so that a call without a response is freed with its request. */
  readonly #pending = new WeakMap<RecordedRequest, { status: number | undefined }>();

  /** @param isSecret recognises secrets that a client has sent in the wrong header */
  constructor(
    private readonly clock: EmulatorClock,
    private readonly isSecret: (value: string) => boolean,
  ) {}

  get calls(): readonly EmulatorCall[] {
    return this.#calls;
  }

  /** By endpoint. Operations that were not called are left out. */
  get counts(): Partial<Record<EmulatorEndpoint, number>> {
    const none = AUTH_ENDPOINTS.map((endpoint): [EmulatorEndpoint, number] => [endpoint, 0]);
    return Object.fromEntries([...none, ...this.#counts]);
  }

  record(endpoint: EmulatorEndpoint, request: RecordedRequest): void {
    const call = {
      endpoint,
      method: request.method,
      path: this.#maskedPath(request.url),
      credentials: credentialsOf(request.headers),
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
  setStatus(request: RecordedRequest, status: number): void {
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

  #maskedPath(url: string): string {
    const [path = ''] = url.split('?');
    return path
      .split('/')
      .map((segment) => (this.#isMasked(segment) ? MASK : segment))
      .join('/');
  }

  #masked(headers: FastifyRequest['headers']): Record<string, string> {
    const shown = Object.entries(headers).map(([name, value]): [string, string] => {
      const text = String(value);
      return [name, SECRET_HEADERS.has(name) || this.#isMasked(text) ? MASK : text];
    });
    return Object.fromEntries(shown);
  }

  #isMasked(text: string): boolean {
    return JWT.test(text) || containsCardNumber(text) || this.isSecret(text);
  }
}
