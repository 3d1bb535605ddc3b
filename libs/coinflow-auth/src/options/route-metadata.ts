import 'reflect-metadata';
import { hasOwnGuard } from './application-routes.js';
import type { CoinflowBlockchain } from './blockchains.js';
import {
  readOverriddenMetadata,
  readOwnMethodMetadata,
  writeMethodMetadata,
  type DecoratedMethod,
} from './method-metadata.js';
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

const POLICY_FIELDS = ['maxAgeMs', 'subject', 'blockchains', 'instance'] satisfies (keyof CoinflowRoutePolicy)[];

/** What is wrong with a policy, or nothing. */
export function policyProblem(policy: CoinflowRoutePolicy): string | undefined {
  if (typeof policy !== 'object' || policy === null) return 'a policy must be an object';
  // Every key, not only the enumerable ones: the decorator without its parentheses is called with a prototype.
  const unknown = Reflect.ownKeys(policy).find((key) => !(POLICY_FIELDS as (string | symbol)[]).includes(key));
  if (unknown !== undefined) {
    return `${String(unknown)} is not a field of a policy; the fields are ${POLICY_FIELDS.join(', ')}`;
  }
  const { maxAgeMs, subject, blockchains, instance } = policy;
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

/**
 * Adds to the metadata of a class.
 * @throws {TypeError} when its decorators exclude each other
 */
export function addClassMetadata(target: object, added: Partial<CoinflowRouteMetadata>, decorator: string): void {
  Reflect.defineMetadata(COINFLOW_AUTH_METADATA, merge(readOwn(target), added, decorator), target);
}

/**
 * Adds to the metadata of a handler. An override starts with the policy of the handler that it overrides.
 * @throws {TypeError} when its decorators exclude each other
 */
export function addHandlerMetadata(
  handler: DecoratedMethod,
  added: Partial<CoinflowRouteMetadata>,
  decorator: string,
): void {
  const overridden = readOverriddenMetadata<CoinflowRouteMetadata>(COINFLOW_AUTH_METADATA, handler);
  const existing =
    readOwnMethodMetadata<CoinflowRouteMetadata>(COINFLOW_AUTH_METADATA, handler) ??
    (overridden && { policy: overridden.policy });
  writeMethodMetadata(COINFLOW_AUTH_METADATA, merge(existing, added, decorator), handler);
}

function merge(
  existing: CoinflowRouteMetadata | undefined,
  added: Partial<CoinflowRouteMetadata>,
  decorator: string,
): CoinflowRouteMetadata {
  if (added.access && existing?.access && added.access !== existing.access) {
    if (added.access === 'public' || existing.access === 'public') {
      throw new TypeError(
        `${decorator}: @CoinflowPublic() excludes @CoinflowAuth() and @CoinflowOptional(); keep one of them`,
      );
    }
  }
  // `@CoinflowAuth({ ... })` beside `@CoinflowOptional()` is the policy of an optional route, whichever comes first.
  const accesses = [existing?.access, added.access];
  const access = accesses.includes('optional') ? 'optional' : (added.access ?? existing?.access);
  return { access, policy: { ...existing?.policy, ...definedOnly(added.policy) } };
}

/**
 * What holds for a handler. The levels, from far to near: the classes that the controller extends, the controller, the
 * handler. The nearest access wins; policies merge field by field, and of one field the nearest value wins.
 * @param guard the guard that means `required` on a level without an access of its own
 */
export function readRoute(handler: object, controller: object, guard: object): CoinflowRoute {
  const levels = [...levelsOf(controller, guard), ...levelsOf(handler, guard)];
  return {
    name: `${nameOf(controller)}.${nameOf(handler)}`,
    access: levels.findLast(({ access }) => access !== undefined)?.access ?? 'required',
    policy: Object.assign({}, ...levels.map(({ policy }) => policy)) as CoinflowRoutePolicy,
  };
}

/** The target's own level last, before it those of its prototypes: for a class the classes that it extends. */
function levelsOf(target: object, guard: object): CoinflowRouteMetadata[] {
  const levels: CoinflowRouteMetadata[] = [];
  for (let one: object | null = target; one !== null; one = Object.getPrototypeOf(one) as object | null) {
    const own = readOwn(one);
    levels.unshift({
      access: own?.access ?? (hasOwnGuard(one, guard) ? 'required' : undefined),
      policy: own?.policy ?? {},
    });
  }
  return levels;
}

function nameOf(target: object): string {
  return (target as { name?: string }).name ?? '';
}

/** An `undefined` from somebody's configuration must not lift what another level asks. */
function definedOnly(policy: CoinflowRoutePolicy = {}): CoinflowRoutePolicy {
  return Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined));
}

function readOwn(target: object): CoinflowRouteMetadata | undefined {
  return Reflect.getOwnMetadata(COINFLOW_AUTH_METADATA, target) as CoinflowRouteMetadata | undefined;
}
