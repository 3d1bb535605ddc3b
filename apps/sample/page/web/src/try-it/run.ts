import type { Answer } from '../api/answer.js';

/** What came of many requests, by what they were answered. */
export interface AnswerGroup {
  readonly status: number;
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly count: number;
}

export interface RunOptions {
  readonly count: number;
  /** A browser has six connections to a host, and the event stream and the shopper have one each. */
  readonly concurrency: number;
  readonly send: (signal: AbortSignal) => Promise<Answer>;
  readonly onAnswer: (answer: Answer, done: number) => void;
  readonly signal: AbortSignal;
}

/** Sends so many requests, some at a time, until all are answered or it is stopped. */
export async function runRequests({ count, concurrency, send, onAnswer, signal }: RunOptions): Promise<void> {
  let begun = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    while (begun < count && !signal.aborted) {
      begun += 1;
      const answer = await send(signal);
      // One that was cut off by stopping says nothing.
      if (signal.aborted) return;
      done += 1;
      onAnswer(answer, done);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker));
}

/** Counts answers by status and code, in the order in which they first came. */
export class AnswerTally {
  readonly #groups = new Map<string, AnswerGroup>();

  add({ status, code, message }: Answer): void {
    const name = `${status} ${code ?? ''}`;
    const count = (this.#groups.get(name)?.count ?? 0) + 1;
    this.#groups.set(name, { status, code, message, count });
  }

  get groups(): AnswerGroup[] {
    return [...this.#groups.values()];
  }
}
