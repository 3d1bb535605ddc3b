import type { EmulatorParts } from '../emulator-parts.js';
import { httpError } from '../http-error.js';
import type { EmulatorResponse } from '../responses.js';
import type { OperationCaller } from './operation-credentials.js';

/** A call of an operation whose credentials are valid. */
export interface OperationCall {
  readonly caller: OperationCaller;
  readonly params: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  /** The origin under which the client reached the emulator. */
  readonly origin: string;
}

/** Processes a call of an operation. */
export type OperationHandler = (call: OperationCall, parts: EmulatorParts) => EmulatorResponse;

/**
 * Parses the body of a call.
 * @throws `HttpError` 400 without the text of the body, which may contain a card number
 */
export function jsonBody(body: Buffer | undefined): unknown {
  try {
    return JSON.parse(body?.toString('utf8') ?? '');
  } catch {
    throw httpError(400, 'The body must be JSON.');
  }
}
