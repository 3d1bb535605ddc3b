import { Catch, type ExceptionFilter } from '@nestjs/common';
import { of, type Observable } from 'rxjs';
import type { CoinflowAuthErrorCode } from '../errors/error-statuses.js';
import { OnceLogger } from '../util/once-logger.js';

/** The same symbol in every copy of the package in a process, so that the filter of one copy drops the events of another. */
const BRAND = Symbol.for('nestjs-coinflow-auth:dropped-event');

/** How often the log has a line about a handler and a code. Anybody who can send events could fill it otherwise. */
const LOG_INTERVAL_MS = 60_000;

/** What the guard throws to drop an event: a guard cannot end a call quietly, so a filter does. */
export class DroppedEvent extends Error {
  override readonly name = 'DroppedEvent';

  constructor(
    readonly code: CoinflowAuthErrorCode,
    readonly handler: string,
  ) {
    super(
      `An event for ${handler} is rejected [${code}], and no filter drops it. Protect the handler with @CoinflowAuth(), or add @UseFilters(CoinflowAuthExceptionFilter) to it.`,
    );
  }

  get [BRAND](): true {
    return true;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}

const log = new OnceLogger();

/** Ends the call with a value, since Kafka takes a call without one for a failure, and sends the event again. */
export function dropEvent({ code, handler }: DroppedEvent): Observable<undefined> {
  log.warn(
    `An event for ${handler} is dropped [${code}]: no valid session key. The next line about this handler and code follows in 60 s at the earliest; metrics() counts every event.`,
    { topic: `${handler} ${code}`, forMs: LOG_INTERVAL_MS },
  );
  return of(undefined);
}

/**
 * Drops the events that the guard rejects. The decorators add it, because a global filter reaches microservices only with
 * `inheritAppConfig`. It catches nothing else, so that filters of the application see all other errors as without it.
 */
@Catch(DroppedEvent)
export class DroppedEventFilter implements ExceptionFilter<DroppedEvent> {
  catch(event: DroppedEvent): Observable<undefined> {
    return dropEvent(event);
  }
}
