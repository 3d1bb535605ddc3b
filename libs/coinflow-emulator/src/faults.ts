import type { EmulatorRetryAfter } from './http-error.js';
import { requireOperation } from './operations/operation-names.js';
import type { EmulatorOperation } from './operations/operations.js';

export const AUTH_ENDPOINTS = ['message', 'session-key', 'verify'] as const;

/** The endpoints that can be made to fail: Get Message, Get Session Key, Verify Token, and every operation. */
export type EmulatorEndpoint = (typeof AUTH_ENDPOINTS)[number] | EmulatorOperation;

/** How an endpoint fails, and when. */
export type EmulatorFault = FaultKind & {
  /**
   * Whether the emulator processes the request before the fault happens, such as a charge whose response is lost.
   * @default false: the fault happens when the headers have arrived, before the body is read
   */
  afterProcessing?: boolean;
};

type FaultKind =
  /** An error of Coinflow: a status with a JSON body. */
  | { kind: 'status'; status: number; headers?: Record<string, string>; body?: unknown }
  /** The error page of a gateway: a status with HTML. */
  | { kind: 'html'; status: number }
  /** Exactly this body. */
  | { kind: 'raw'; status: number; headers?: Record<string, string>; body: string }
  /** A body that is not JSON, with the content type of JSON. The default status is 200. */
  | { kind: 'non-json'; status?: number }
  /** The connection ends in the middle of the body. The default status is 200. */
  | { kind: 'truncated'; status?: number }
  /** 200 with an empty body for every request, as from a captive portal or a wrong URL. */
  | { kind: 'ok' }
  /** 429. By default with `Retry-After: 60`. */
  | { kind: 'rate-limited'; retryAfter?: EmulatorRetryAfter; afterSeconds?: number }
  /** The normal response after a delay. */
  | { kind: 'delay'; ms: number }
  /** No response. The connection stays open. */
  | { kind: 'hang' }
  /** The connection is reset. */
  | { kind: 'reset' };

interface FaultSummary {
  endpoint: EmulatorEndpoint;
  kind: EmulatorFault['kind'];
  afterProcessing?: true;
  remaining: number | null;
}

/** The current fault of each endpoint. */
export class Faults {
  readonly #active = new Map<EmulatorEndpoint, { fault: EmulatorFault; remaining: number }>();

  /** The faults without their bodies, which may contain secrets. `remaining` is `null` if there is no limit. */
  get summary(): FaultSummary[] {
    return [...this.#active].map(([endpoint, { fault, remaining }]) => ({
      endpoint,
      kind: fault.kind,
      ...(fault.afterProcessing && { afterProcessing: true as const }),
      remaining: Number.isFinite(remaining) ? remaining : null,
    }));
  }

  /** @throws `RangeError` for an unknown endpoint */
  set(endpoint: EmulatorEndpoint, fault: EmulatorFault, times: number): void {
    this.#active.set(requireOperation(endpoint, AUTH_ENDPOINTS), { fault, remaining: times });
  }

  clear(): void {
    this.#active.clear();
  }

  /** The fault for the next call, if there is one. Counts it. */
  take(endpoint: EmulatorEndpoint): EmulatorFault | undefined {
    const active = this.#active.get(endpoint);
    if (!active) return undefined;
    active.remaining -= 1;
    if (active.remaining <= 0) this.#active.delete(endpoint);
    return active.fault;
  }
}
