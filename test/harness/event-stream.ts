import { Agent, request, type IncomingMessage } from 'node:http';
import { until } from './until.js';

export interface ServerSentEvent {
  readonly name: string;
  readonly data: unknown;
}

/** A client of server-sent events. */
export class EventStream {
  readonly #all: ServerSentEvent[] = [];
  /** The raw stream. */
  text = '';
  hasEnded = false;
  #rest = '';

  private constructor(readonly response: IncomingMessage) {
    response.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk));
    // A lost connection ends the stream too.
    response.on('error', () => undefined).once('close', () => (this.hasEnded = true));
  }

  static open(url: string, headers: Record<string, string> = {}): Promise<EventStream> {
    return new Promise((resolve, reject) => {
      // A browser keeps the connection open after the end of a stream.
      const agent = new Agent({ keepAlive: true });
      request(url, { headers: { accept: 'text/event-stream', ...headers }, agent })
        .once('response', (response) => resolve(new EventStream(response)))
        .once('error', reject)
        .end();
    });
  }

  /** The data of the events of this name so far. */
  events(name: string): unknown[] {
    return this.#all.filter((event) => event.name === name).map(({ data }) => data);
  }

  /** Waits until the data of the events of this name passes the check. */
  async until(name: string, isEnough: (data: unknown[]) => boolean = (data) => data.length > 0): Promise<void> {
    await until(
      () => isEnough(this.events(name)),
      () => `events "${name}": ${isEnough.toString()}. So far: ${JSON.stringify(this.events(name))}`,
    );
  }

  close(): void {
    this.response.destroy();
  }

  #read(chunk: string): void {
    this.text += chunk;
    const blocks = (this.#rest + chunk).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
      const [name, data] = [field('event'), field('data')];
      if (name && data) this.#all.push({ name, data: JSON.parse(data) });
    }
  }
}
