import type { EmulatorResponse } from '../responses.js';
import { requireInteger } from '../validation.js';
import { requireOperation } from './operation-names.js';
import type { EmulatorOperation } from './operations.js';

export const MAX_DELAY_MS = 600_000;

/** The responses that replace those of an operation. */
export class CannedResponses {
  readonly #active = new Map<EmulatorOperation, { response: EmulatorResponse; remaining: number }>();

  /** The responses without their bodies, which may contain secrets. `remaining` is `null` if there is no limit. */
  get summary(): { operation: EmulatorOperation; status: number; remaining: number | null }[] {
    return [...this.#active].map(([operation, { response, remaining }]) => ({
      operation,
      status: response.status ?? 200,
      remaining: Number.isFinite(remaining) ? remaining : null,
    }));
  }

  /** @throws `RangeError` for an unknown operation, status or delay */
  set(operation: EmulatorOperation, response: EmulatorResponse, times: number): void {
    const { status = 200, body = {}, headers, delayMs = 0 } = response;
    requireOperation(operation);
    requireInteger('status', status, 200, 599);
    requireInteger('delayMs', delayMs, 0, MAX_DELAY_MS);
    this.#active.set(operation, { response: { status, body, headers, delayMs }, remaining: times });
  }

  clear(): void {
    this.#active.clear();
  }

  /** The response for the next call, if there is one. Counts it. */
  take(operation: EmulatorOperation): EmulatorResponse | undefined {
    const active = this.#active.get(operation);
    if (!active) return undefined;
    active.remaining -= 1;
    if (active.remaining <= 0) this.#active.delete(operation);
    return active.response;
  }
}
