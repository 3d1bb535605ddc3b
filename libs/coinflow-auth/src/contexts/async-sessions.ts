import { AsyncLocalStorage } from 'node:async_hooks';
import type { CoinflowSession } from '../session/coinflow-session.js';
import { misconfigured } from './http-exception.js';

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

/**
 * The session of the request that is being handled; `undefined` for an anonymous request.
 * @param sessions `undefined` without the option `asyncContext`
 * @throws {@link CoinflowMisconfiguredError} without the option, and outside of a handler that a guard has run for
 */
export function currentSessionOf(sessions: AsyncSessions | undefined): CoinflowSession | undefined {
  if (!sessions) {
    throw misconfigured('currentSession() is called, but the option asyncContext is off', {
      reason: 'async-context-off',
      action: 'Set the option asyncContext to true.',
    });
  }
  if (sessions.current) return sessions.current.session;
  throw misconfigured('currentSession() is called outside of a handler that CoinflowAuthGuard has run for', {
    reason: 'no-current-session',
    action:
      'Call it only in code that a guarded handler calls: not in a guard, a middleware, a job, or a field resolver for which GraphQL runs no interceptors.',
  });
}
