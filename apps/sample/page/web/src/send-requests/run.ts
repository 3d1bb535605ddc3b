import type { ApiResponse } from '../api/call-api.js';

/** The responses with the same status and code. */
export interface ResponseGroup {
  readonly status: number;
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly count: number;
}

export interface RunOptions {
  readonly count: number;
  readonly concurrency: number;
  readonly send: (signal: AbortSignal) => Promise<ApiResponse>;
  readonly onResponse: (response: ApiResponse, done: number) => void;
  readonly signal: AbortSignal;
}

/** Sends `count` requests with limited concurrency. Resolves when all have a response or the signal aborts. */
export async function runRequests({ count, concurrency, send, onResponse, signal }: RunOptions): Promise<void> {
  let begun = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    while (begun < count && !signal.aborted) {
      begun += 1;
      const response = await send(signal);
      // An aborted request looks like a network error and must not be counted.
      if (signal.aborted) return;
      done += 1;
      onResponse(response, done);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker));
}

/** Counts responses by status and code, in the order of their first occurrence. */
export class ResponseTally {
  readonly #groups = new Map<string, ResponseGroup>();

  add({ status, code, message }: ApiResponse): void {
    const name = `${status} ${code ?? ''}`;
    const count = (this.#groups.get(name)?.count ?? 0) + 1;
    this.#groups.set(name, { status, code, message, count });
  }

  get groups(): ResponseGroup[] {
    return [...this.#groups.values()];
  }
}
