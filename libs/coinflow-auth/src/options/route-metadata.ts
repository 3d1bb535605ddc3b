import 'reflect-metadata';
import { COINFLOW_AUTH_METADATA } from './tokens.js';

/** Whether a route wants a session: always, if there is one, or does not care. */
export type CoinflowAccess = 'required' | 'optional' | 'public';

/** What a route asks of a session. */
export interface CoinflowRoutePolicy {
  /**
   * How old, in milliseconds, the proof of the session may be. 0 asks Coinflow at every request: for what must not rest
   * on an old yes (a key that Coinflow has just refused stays refused for 30 s). Such requests spend Coinflow's rate limit.
   * @default for as long as the proof holds
   */
  maxAgeMs?: number;
}

/** What {@link isMaxAge} asks, in words. */
export const MAX_AGE_RULE = 'must be a number of milliseconds, 0 or more';

export function isMaxAge(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

/** What stands in the metadata of a handler or a class. */
export interface CoinflowRouteMetadata {
  /** Said outright (`@CoinflowPublic`, `@CoinflowOptional`), as opposed to implied by `@CoinflowAuth`. */
  readonly access?: CoinflowAccess;
  readonly policy: CoinflowRoutePolicy;
}

/** What holds for a route once its levels are merged. */
export interface CoinflowRoute {
  readonly access: CoinflowAccess;
  readonly policy: CoinflowRoutePolicy;
}

type Target = object;

/**
 * Adds to what stands on a handler or a class.
 * @throws {TypeError} when the target says two things that exclude each other
 */
export function addRouteMetadata(target: Target, added: Partial<CoinflowRouteMetadata>, name: string): void {
  const existing = readOwn(target);
  if (added.access && existing?.access && added.access !== existing.access) {
    if (added.access === 'public' || existing.access === 'public') {
      throw new TypeError(
        `${name}: @CoinflowPublic() excludes @CoinflowAuth() and @CoinflowOptional(); keep one of them`,
      );
    }
  }
  // `@CoinflowAuth({ ... })` beside `@CoinflowOptional()` is the policy of an optional route, whichever comes first.
  const accesses = [existing?.access, added.access];
  const access = accesses.includes('optional') ? 'optional' : (added.access ?? existing?.access);
  const metadata: CoinflowRouteMetadata = { access, policy: { ...existing?.policy, ...definedOnly(added.policy) } };
  Reflect.defineMetadata(COINFLOW_AUTH_METADATA, metadata, target);
}

/** For access the nearest level wins; policies merge, the handler's fields over the class's. */
export function readRoute(handler: Target, controller: Target): CoinflowRoute {
  const levels = [Reflect.getMetadata(COINFLOW_AUTH_METADATA, controller), readOwn(handler)] as (
    CoinflowRouteMetadata | undefined
  )[];
  return {
    access: levels[1]?.access ?? levels[0]?.access ?? 'required',
    policy: { ...levels[0]?.policy, ...levels[1]?.policy },
  };
}

/** An `undefined` from somebody's configuration must not lift what another level asks. */
function definedOnly(policy: CoinflowRoutePolicy = {}): CoinflowRoutePolicy {
  return Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined));
}

function readOwn(target: Target): CoinflowRouteMetadata | undefined {
  return Reflect.getOwnMetadata(COINFLOW_AUTH_METADATA, target) as CoinflowRouteMetadata | undefined;
}
