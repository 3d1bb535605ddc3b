import type { CoinflowAuthMetrics } from 'nestjs-coinflow-auth';
import type { DemoDecision, EmulatorSettings } from '../../../backend/demo-api.js';
import { isDecisions, isEmulatorSettings, isMetrics } from '../api/type-guards.js';

const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 10_000;

export type StreamState = 'connecting' | 'live' | 'disconnected';

export interface StreamListener {
  onState(state: StreamState): void;
  onDecisions(decisions: readonly DemoDecision[]): void;
  onMetrics(metrics: CoinflowAuthMetrics): void;
  onEmulator(settings: EmulatorSettings | null): void;
}

/** The part of the browser's `EventSource` that is used here. Tests replace it. */
export interface StreamSource extends EventTarget {
  readonly readyState: number;
  readonly CLOSED: number;
}

export type OpenStream = (path: string) => StreamSource;

/**
 * Listens to `/demo/events` while the page is open. The browser reconnects by itself after a lost connection, but not
 * after an error response. This function then reconnects with exponential backoff.
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
      listener.onState('disconnected');
      if (source.readyState !== source.CLOSED) return;
      setTimeout(connect, waitMs);
      waitMs = Math.min(waitMs * 2, MAX_WAIT_MS);
    });
    receive(source, 'decisions', (data) => isDecisions(data) && listener.onDecisions(data));
    receive(source, 'metrics', (data) => isMetrics(data) && listener.onMetrics(data));
    receive(source, 'coinflow', (data) => {
      if (data === null || isEmulatorSettings(data)) listener.onEmulator(data);
    });
  }

  listener.onState('connecting');
  connect();
}

function receive(source: StreamSource, name: string, use: (data: unknown) => void): void {
  source.addEventListener(name, (event) => event instanceof MessageEvent && use(JSON.parse(String(event.data))));
}
