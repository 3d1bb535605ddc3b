import { Agent, request, type IncomingMessage } from 'node:http';
import { until } from './until.js';

export interface ServerSentEvent {
  readonly name: string;
  readonly data: unknown;
}

/** What a page hears over server-sent events. */
export class EventStream {
  readonly events: ServerSentEvent[] = [];
  /** All that has come, as it came. */
  text = '';
  hasEnded = false;
  #rest = '';

  private constructor(readonly response: IncomingMessage) {
    response.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk));
    // One that is cut off has ended as well.
    response.on('error', () => undefined).once('close', () => (this.hasEnded = true));
  }

  static open(url: string, headers: Record<string, string> = {}): Promise<EventStream> {
    return new Promise((resolve, reject) => {
      // As a browser does, which would keep the connection when the stream has ended.
      const agent = new Agent({ keepAlive: true });
      request(url, { headers: { accept: 'text/event-stream', ...headers }, agent })
        .once('response', (response) => resolve(new EventStream(response)))
        .once('error', reject)
        .end();
    });
  }

  /** What events of this name have said so far. */
  said(name: string): unknown[] {
    return this.events.filter((event) => event.name === name).map(({ data }) => data);
  }

  /** Waits until what events of this name have said is enough. */
  async until(name: string, isEnough: (data: unknown[]) => boolean = (data) => data.length > 0): Promise<void> {
    await until(
      () => isEnough(this.said(name)),
      () => `events "${name}": ${isEnough.toString()}. So far: ${JSON.stringify(this.said(name))}`,
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
      if (name && data) this.events.push({ name, data: JSON.parse(data) });
    }
  }
}
