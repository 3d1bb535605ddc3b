import 'reflect-metadata';
import type { CoinflowBlockchain } from './blockchains.js';
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
  /** Only users, or only wallets; another session is answered 403. */
  subject?: 'user' | 'wallet';
  /** Only wallets of these chains; another session is answered 403. */
  blockchains?: readonly CoinflowBlockchain[];
  /**
   * The name of the instance of `CoinflowAuthModule` that decides.
   * @default the unnamed one
   */
  instance?: string;
}

/** What {@link isMaxAge} asks, in words. */
export const MAX_AGE_RULE = 'must be a number of milliseconds, 0 or more';

export function isMaxAge(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

/** What is wrong with a policy, or nothing. */
export function policyProblem({ maxAgeMs, subject, blockchains, instance }: CoinflowRoutePolicy): string | undefined {
  if (maxAgeMs !== undefined && !isMaxAge(maxAgeMs)) return `maxAgeMs ${MAX_AGE_RULE}`;
  if (subject !== undefined && subject !== 'user' && subject !== 'wallet') return 'subject must be user or wallet';
  if (blockchains !== undefined && !isNames(blockchains)) return 'blockchains must be a list of at least one name';
  if (blockchains !== undefined && subject === 'user')
    return 'blockchains goes with wallets, and not with subject: user';
  if (instance !== undefined && !isNames([instance])) return 'instance must be a name';
  return undefined;
}

function isNames(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string' && name !== '');
}

/** What stands in the metadata of a handler or a class. */
export interface CoinflowRouteMetadata {
  /** Said outright (`@CoinflowPublic`, `@CoinflowOptional`), as opposed to implied by `@CoinflowAuth`. */
  readonly access?: CoinflowAccess;
  readonly policy: CoinflowRoutePolicy;
}

/** What holds for a route once its levels are merged. */
export interface CoinflowRoute {
  /** The handler that it is, as `MeController.me`. */
  readonly name: string;
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
    name: `${nameOf(controller)}.${nameOf(handler)}`,
    access: levels[1]?.access ?? levels[0]?.access ?? 'required',
    policy: { ...levels[0]?.policy, ...levels[1]?.policy },
  };
}

function nameOf(target: Target): string {
  return (target as { name?: string }).name ?? '';
}

/** An `undefined` from somebody's configuration must not lift what another level asks. */
function definedOnly(policy: CoinflowRoutePolicy = {}): CoinflowRoutePolicy {
  return Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined));
}

function readOwn(target: Target): CoinflowRouteMetadata | undefined {
  return Reflect.getOwnMetadata(COINFLOW_AUTH_METADATA, target) as CoinflowRouteMetadata | undefined;
}
