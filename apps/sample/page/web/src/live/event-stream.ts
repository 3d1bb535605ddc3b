import { isDecisions, isDemoCoinflow, isMetrics } from '../api/shapes.js';
import type { CoinflowAuthMetrics } from 'nestjs-coinflow-auth';
import type { DemoCoinflow, DemoDecision } from '../../../backend/demo-api.js';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10_000;

export type StreamState = 'connecting' | 'live' | 'broken';

export interface StreamListener {
  onState(state: StreamState): void;
  onDecisions(decisions: readonly DemoDecision[]): void;
  onFigures(figures: CoinflowAuthMetrics): void;
  onCoinflow(coinflow: DemoCoinflow | null): void;
}

/** What is used of the browser's `EventSource`; a test has another. */
export interface StreamSource extends EventTarget {
  readonly readyState: number;
  readonly CLOSED: number;
}

export type OpenStream = (path: string) => StreamSource;

/**
 * Listens to `/demo/events` for as long as the page is open. The browser comes back by itself when a connection breaks,
 * but not when it is refused; so this does, ever less often.
 */
export function listenToEvents(listener: StreamListener, open: OpenStream = (path) => new EventSource(path)): void {
  let waitMs = FIRST_WAIT_MS;

  function connect(): void {
    const source = open('/demo/events');
    source.addEventListener('open', () => {
      waitMs = FIRST_WAIT_MS;
      listener.onState('live');
    });
    source.addEventListener('error', () => {
      listener.onState('broken');
      if (source.readyState !== source.CLOSED) return;
      setTimeout(connect, waitMs);
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    });
    receive(source, 'decisions', (data) => isDecisions(data) && listener.onDecisions(data));
    receive(source, 'figures', (data) => isMetrics(data) && listener.onFigures(data));
    receive(source, 'coinflow', (data) => {
      if (data === null || isDemoCoinflow(data)) listener.onCoinflow(data);
    });
  }

  listener.onState('connecting');
  connect();
}

function receive(source: StreamSource, name: string, use: (data: unknown) => void): void {
  source.addEventListener(name, (event) => event instanceof MessageEvent && use(JSON.parse(String(event.data))));
}
