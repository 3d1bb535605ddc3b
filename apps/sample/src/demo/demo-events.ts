import { Injectable, type MessageEvent, type OnModuleDestroy } from '@nestjs/common';
import { CoinflowAuthService, type CoinflowDecision } from 'nestjs-coinflow-auth';
import { Observable, Subject, concat, defer, from, map, merge, takeUntil } from 'rxjs';
import type { DemoDecision, DemoEvents as Events } from './demo-api.js';
import { CoinflowSwitches } from './emulator/coinflow-switches.js';

const TICK_MS = 100;
const TICKS_PER_FIGURES = 3;
/** So that a connection whose other end is gone is noticed. */
const TICKS_PER_HEARTBEAT = 150;
/** More within one tick are not told one by one; the figures have them. */
const MAX_WAITING = 10_000;

/** What happens, as it happens. */
@Injectable()
export class DemoEvents implements OnModuleDestroy {
  readonly #end = new Subject<void>();

  constructor(
    private readonly coinflow: CoinflowAuthService,
    private readonly switches: CoinflowSwitches,
  ) {}

  /** For one listener. Nothing is kept, and no timer runs, before it subscribes or after it has gone. */
  stream(): Observable<MessageEvent> {
    const switches = concat(
      defer(() => from(this.switches.current())),
      this.switches.changes,
    );
    return merge(this.#decided(), switches.pipe(map((now) => event('coinflow', now)))).pipe(takeUntil(this.#end));
  }

  /** A stream that is open would keep the server from closing. */
  onModuleDestroy(): void {
    this.#end.next();
  }

  #decided(): Observable<MessageEvent> {
    return new Observable((listener) => {
      let waiting: DemoDecision[] = [];
      let told = '';
      let ticks = 0;
      const stop = this.coinflow.onDecision((decision) => {
        if (waiting.length < MAX_WAITING) waiting.push(asTold(decision));
      });
      const tellFigures = (): void => {
        const figures = this.coinflow.metrics();
        const text = JSON.stringify(figures);
        if (text !== told) listener.next(event('figures', figures));
        told = text;
      };
      const timer = setInterval(() => {
        ticks += 1;
        if (waiting.length > 0) listener.next(event('decisions', waiting));
        waiting = [];
        if (ticks % TICKS_PER_FIGURES === 0) tellFigures();
        if (ticks % TICKS_PER_HEARTBEAT === 0) listener.next({ comment: '' });
      }, TICK_MS).unref();
      tellFigures();
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

/** Without the error's words: of the refusal the page needs the code, and what is not there cannot leak. */
function asTold({ outcome, decidedBy, error, handler, subject }: CoinflowDecision): DemoDecision {
  return { at: Date.now(), outcome, decidedBy, code: error?.code ?? null, handler: handler ?? null, subject };
}
