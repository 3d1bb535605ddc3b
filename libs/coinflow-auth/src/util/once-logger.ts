import { Logger } from '@nestjs/common';

const MAX_TOPICS = 1_000;

/** Which lines are the same to a {@link OnceLogger}, and for how long one of them is enough. */
export interface OnceOptions {
  /** @default the line itself */
  readonly topic?: string;
  /** In milliseconds. After that time the next line about the topic is logged again. @default forever */
  readonly forMs?: number;
}

/** Logs once about each topic, so that a repeated problem does not fill the log. Its memory is bounded. */
export class OnceLogger {
  readonly #logger = new Logger('CoinflowAuth');
  readonly #maxTopics: number;
  /** By topic, until when its lines are dropped, by the monotonic clock. */
  readonly #silentUntil = new Map<string, number>();

  /** @param maxTopics lines about further topics are dropped */
  constructor(maxTopics = MAX_TOPICS) {
    this.#maxTopics = maxTopics;
  }

  warn(line: string, options?: OnceOptions): void {
    if (this.#isFirst(line, options)) this.#logger.warn(line);
  }

  error(line: string, options?: OnceOptions): void {
    if (this.#isFirst(line, options)) this.#logger.error(line);
  }

  #isFirst(line: string, { topic = line, forMs = Infinity }: OnceOptions = {}): boolean {
    const now = performance.now();
    const silentUntil = this.#silentUntil.get(topic);
    const isNew = silentUntil === undefined;
    if (isNew ? this.#silentUntil.size >= this.#maxTopics : now < silentUntil) return false;
    this.#silentUntil.set(topic, now + forMs);
    return true;
  }
}
