import { CoinflowUserNotFoundError } from '../errors/coinflow-auth.errors.js';
import type { CoinflowAuthModuleOptions } from '../options/coinflow-auth-options.js';
import { misconfigured } from './http-exception.js';
import type { CoinflowSession } from '../session/coinflow-session.js';

type LoadUser = NonNullable<CoinflowAuthModuleOptions['loadUser']>;

/** The user of a request, once a handler has asked for it. */
interface LoadedUser {
  readonly sessionKey: string;
  readonly user: Promise<unknown>;
}

/** Loads the application's own users, once for each request. */
export class SessionUsers {
  readonly #loaded = new WeakMap<object, LoadedUser>();
  readonly #loadUser: LoadUser | undefined;

  constructor(loadUser: LoadUser | undefined) {
    this.#loadUser = loadUser;
  }

  get canLoad(): boolean {
    return this.#loadUser !== undefined;
  }

  /**
   * @param request an object that belongs to the request
   * @throws {@link CoinflowUserNotFoundError} when there is no user; an error of the application as it is
   */
  load(request: object, session: CoinflowSession): Promise<unknown> {
    const known = this.#loaded.get(request);
    if (known?.sessionKey === session.key) return known.user;
    const user = this.#load(session);
    this.#loaded.set(request, { sessionKey: session.key, user });
    return user;
  }

  async #load(session: CoinflowSession): Promise<unknown> {
    if (!this.#loadUser) throw loaderMissing('A handler uses @SessionUser()');
    const user: unknown = await this.#loadUser(session);
    if (user === undefined || user === null) throw new CoinflowUserNotFoundError();
    return user;
  }
}

/** @param usedBy who needs the users, for the message */
export function loaderMissing(usedBy: string): Error {
  return misconfigured(`${usedBy}, but the option loadUser is not set`, {
    reason: 'load-user-missing',
    action: 'Set the option loadUser to a function that returns the user of a session, or remove @SessionUser().',
  });
}
