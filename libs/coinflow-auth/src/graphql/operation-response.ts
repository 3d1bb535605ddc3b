import type { ResponseWithHeaders } from '../options/context-contracts.js';
import type { HttpResponse } from './operation-context.js';

const VARY = 'vary';
const CHALLENGE = 'WWW-Authenticate';

/**
 * The response of an operation over HTTP, for the guard. Only `Vary` is written while resolvers run: whether the response is
 * an error is known at its end, to the plugin.
 */
export class OperationResponse implements ResponseWithHeaders {
  /** The latest `WWW-Authenticate` of the guard. */
  challenge: string | undefined;
  readonly #response: HttpResponse | undefined;

  constructor(response: HttpResponse | undefined) {
    this.#response = response;
  }

  getHeader(name: string): number | string | string[] | undefined {
    return this.#response?.getHeader(name);
  }

  header(name: string, value: string): void {
    if (name === CHALLENGE) this.challenge = value;
    // After the error of a field that must not be null, the response is sent while other resolvers still run.
    const isSent = this.#response?.headersSent ?? this.#response?.sent;
    if (name === VARY && !isSent) this.#response?.header(name, value);
  }
}

const responses = new WeakMap<object, OperationResponse>();

/** The response of an operation: the same one for all of its resolvers. */
export function operationResponse(operation: object, response: HttpResponse | undefined): OperationResponse {
  let known = responses.get(operation);
  if (!known) responses.set(operation, (known = new OperationResponse(response)));
  return known;
}

/** The `WWW-Authenticate` with which the guard has refused a resolver of the operation. */
export function challengeOf(operation: object): string | undefined {
  return responses.get(operation)?.challenge;
}
