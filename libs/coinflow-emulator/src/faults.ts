import type { EmulatorRetryAfter } from './retry-after.js';

/** The endpoints that can be made to fail: Get Message, Get Session Key, Verify Token. */
export type EmulatorEndpoint = 'message' | 'session-key' | 'verify';

export const ENDPOINTS: readonly EmulatorEndpoint[] = ['message', 'session-key', 'verify'];

/** A way to fail. */
export type EmulatorFault =
  /** Coinflow's own error: a status with a JSON body. */
  | { kind: 'status'; status: number; headers?: Record<string, string>; body?: unknown }
  /** A gateway's page: a status with HTML. */
  | { kind: 'html'; status: number }
  /** Exactly these bytes. */
  | { kind: 'raw'; status: number; headers?: Record<string, string>; body: string }
  /** Says that it is JSON, and is not. Without a status, 200. */
  | { kind: 'non-json'; status?: number }
  /** The connection ends in the middle of the body. Without a status, 200. */
  | { kind: 'truncated'; status?: number }
  /** 200 to everything, with an empty body: a captive portal, or a wrong URL. */
  | { kind: 'ok' }
  /** 429. Without `retryAfter` in seconds, without `afterSeconds` 60 of them. */
  | { kind: 'rate-limited'; retryAfter?: EmulatorRetryAfter; afterSeconds?: number }
  /** The right answer, late. */
  | { kind: 'delay'; ms: number }
  /** No answer, the connection stays open. */
  | { kind: 'hang' }
  /** The connection is reset. */
  | { kind: 'reset' };

/** Which fault each endpoint has now. */
export class Faults {
  readonly #active = new Map<EmulatorEndpoint, { fault: EmulatorFault; remaining: number }>();

  /** What fails, and how often still; `null` is until healed. Bodies are not among it: they may echo secrets. */
  get summary(): { endpoint: EmulatorEndpoint; kind: EmulatorFault['kind']; remaining: number | null }[] {
    return [...this.#active].map(([endpoint, { fault, remaining }]) => ({
      endpoint,
      kind: fault.kind,
      remaining: Number.isFinite(remaining) ? remaining : null,
    }));
  }

  set(endpoint: EmulatorEndpoint, fault: EmulatorFault, times: number): void {
    this.#active.set(endpoint, { fault, remaining: times });
  }

  clear(): void {
    this.#active.clear();
  }

  /** The fault for this call, if there is one; counts it. */
  take(endpoint: EmulatorEndpoint): EmulatorFault | undefined {
    const active = this.#active.get(endpoint);
    if (!active) return undefined;
    active.remaining -= 1;
    if (active.remaining <= 0) this.#active.delete(endpoint);
    return active.fault;
  }
}
