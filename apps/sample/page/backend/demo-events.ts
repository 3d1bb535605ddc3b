import { Injectable, type MessageEvent, type OnModuleDestroy } from '@nestjs/common';
import { CoinflowAuthService, type CoinflowDecision } from 'nestjs-coinflow-auth';
import { Observable, Subject, concat, defer, from, map, merge, takeUntil } from 'rxjs';
import type { DemoDecision, DemoEvents as Events } from './demo-api.js';
import { Emulator } from './emulator/emulator.js';

const TICK_MS = 100;
const TICKS_PER_METRICS = 3;
/** Without a heartbeat, a connection that the browser has left stays open. */
const TICKS_PER_HEARTBEAT = 150;
/** Further decisions of the same tick are not sent one by one. The metrics count them. */
const MAX_PENDING = 10_000;

/** Streams the decisions of the guard, the metrics and the settings of the emulator to the page. */
@Injectable()
export class DemoEvents implements OnModuleDestroy {
  readonly #end = new Subject<void>();

  constructor(
    private readonly coinflow: CoinflowAuthService,
    private readonly emulator: Emulator,
  ) {}

  /** One stream for one browser tab. It holds data and a timer only while the tab is subscribed. */
  stream(): Observable<MessageEvent> {
    const settings = concat(
      defer(() => from(this.emulator.settings())),
      this.emulator.changes,
    );
    return merge(this.#decisionsAndMetrics(), settings.pipe(map((now) => event('coinflow', now)))).pipe(
      takeUntil(this.#end),
    );
  }

  /** An open stream would keep the server from closing. */
  onModuleDestroy(): void {
    this.#end.next();
  }

  #decisionsAndMetrics(): Observable<MessageEvent> {
    return new Observable((listener) => {
      let pending: DemoDecision[] = [];
      let sentMetrics = '';
      let ticks = 0;
      const stop = this.coinflow.onDecision((decision) => {
        if (pending.length < MAX_PENDING) pending.push(toDemoDecision(decision));
      });
      const sendMetrics = (): void => {
        const metrics = this.coinflow.metrics();
        const json = JSON.stringify(metrics);
        if (json !== sentMetrics) listener.next(event('metrics', metrics));
        sentMetrics = json;
      };
      const timer = setInterval(() => {
        ticks += 1;
        if (pending.length > 0) listener.next(event('decisions', pending));
        pending = [];
        if (ticks % TICKS_PER_METRICS === 0) sendMetrics();
        if (ticks % TICKS_PER_HEARTBEAT === 0) listener.next({ comment: '' });
      }, TICK_MS).unref();
      sendMetrics();
      return () => {
        clearInterval(timer);
        stop();
      };
    });
  }
}

function event<Name extends keyof Events>(type: Name, data: Events[Name]): MessageEvent {
  return { type, data: JSON.stringify(data) };
}

/** Leaves out the message of the error, which the page does not need and which must not leak. */
function toDemoDecision({ outcome, decidedBy, error, handler, subject }: CoinflowDecision): DemoDecision {
  return { at: Date.now(), outcome, decidedBy, code: error?.code ?? null, handler: handler ?? null, subject };
}
