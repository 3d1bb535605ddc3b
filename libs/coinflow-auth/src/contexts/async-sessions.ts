import { AsyncLocalStorage } from 'node:async_hooks';
import type { CoinflowSession } from '../session/coinflow-session.js';

/** What a handler runs with; the session is `undefined` for an anonymous request. */
interface CurrentSession {
  readonly session: CoinflowSession | undefined;
}

/** The session of the request that is being handled, for everything that its handler calls. */
export class AsyncSessions {
  readonly #storage = new AsyncLocalStorage<CurrentSession>();

  run<Result>(session: CoinflowSession | undefined, handler: () => Result): Result {
    return this.#storage.run({ session }, handler);
  }

  /** `undefined` outside of a handler that a guard has run for. */
  get current(): CurrentSession | undefined {
    return this.#storage.getStore();
  }
}
