import type { CoinflowAuthModuleOptions, CoinflowSubject } from 'nestjs-coinflow-auth';
import type { TestApp } from '../create-test-app.js';
import type { HandlerName, PresentedKey } from '../decision-table.js';

/** The answer to one call of a handler. */
export interface ContextAnswer {
  /** The code of the error; `undefined` if the handler ran. */
  readonly code: string | undefined;
  /** The status, in contexts that have one. */
  readonly status?: number;
  /** Everything that the client received, as text. */
  readonly text: string;
}

/** An application with the handlers of the decision table, and a client of it. */
export interface RunningContext {
  readonly app: TestApp;
  /** Calls a handler. A client that connects for a call sends the key as it connects. */
  send(handler: HandlerName, key: PresentedKey, payload: string): Promise<ContextAnswer>;
  close(): Promise<void>;
}

/** One context on one transport. */
export interface ContextDriver {
  readonly name: string;
  /** The rows of the table that the transport cannot have: why, by title. */
  readonly impossible: Readonly<Record<string, string>>;
  start(options: Partial<CoinflowAuthModuleOptions>): Promise<RunningContext>;
}

/** The calls of handlers since the last `splice()`. */
export const handlerCalls: { readonly handler: HandlerName; readonly payload: string }[] = [];

/** What every handler of a driver does: it records the call, and answers with the user. */
export function handle(handler: HandlerName, payload: string, subject: CoinflowSubject | undefined): string {
  handlerCalls.push({ handler, payload });
  return subject?.kind === 'user' ? subject.userId : 'nobody';
}
