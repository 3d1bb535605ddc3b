import 'reflect-metadata';
import type { CoinflowBlockchain } from '../session/wallet-address.js';
import {
  hasOwnGuard,
  isSubscription,
  readOverriddenMetadata,
  readOwnMethodMetadata,
  writeMethodMetadata,
  type DecoratedMethod,
} from '../util/nest-metadata.js';
import { COINFLOW_AUTH_METADATA } from './tokens.js';

/**
 * What the guard does on a route: `required` needs a session; `optional` also accepts requests without a session key;
 * `public` checks nothing.
 *
 * @inline
 */
export type CoinflowAccess = 'required' | 'optional' | 'public';

/** The requirements of a route for the session. */
export interface CoinflowRoutePolicy {
  /**
   * The maximum age of the verification, in milliseconds. 0 revalidates the session key with Coinflow at every request, for
   * example when money moves. Each revalidation counts against Coinflow's rate limit. A key that Coinflow rejected less than
   * 30 s ago is rejected again without a call.
   * @default as long as the verification is valid
   */
  maxAgeMs?: number;
  /** Accepts only users, or only wallets. Other sessions get a 403. */
  subject?: 'user' | 'wallet';
  /** Accepts only wallets of these chains. Other sessions get a 403. */
  blockchains?: readonly CoinflowBlockchain[];
  /**
   * The name of the instance of `CoinflowAuthModule` that authenticates the request.
   * @default the unnamed instance
   */
  instance?: string;
}

/** The rule of {@link isMaxAge}, for error messages. */
export const MAX_AGE_RULE = 'must be a number of milliseconds, 0 or more';

export function isMaxAge(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

const POLICY_FIELDS = ['maxAgeMs', 'subject', 'blockchains', 'instance'] satisfies (keyof CoinflowRoutePolicy)[];

/** The mistake in a policy; `undefined` if it is valid. */
export function policyProblem(policy: CoinflowRoutePolicy): string | undefined {
  if (typeof policy !== 'object' || policy === null) return 'a policy must be an object';
  // Also keys that are not enumerable: `@CoinflowAuth` without parentheses passes a class or a prototype.
  const unknown = Reflect.ownKeys(policy).find((key) => !(POLICY_FIELDS as (string | symbol)[]).includes(key));
  if (unknown !== undefined) {
    return `${String(unknown)} is not a field of a policy; the fields are ${POLICY_FIELDS.join(', ')}`;
  }
  const { maxAgeMs, subject, blockchains, instance } = policy;
  if (maxAgeMs !== undefined && !isMaxAge(maxAgeMs)) return `maxAgeMs ${MAX_AGE_RULE}`;
  if (subject !== undefined && subject !== 'user' && subject !== 'wallet') return 'subject must be user or wallet';
  if (blockchains !== undefined && !isNames(blockchains)) return 'blockchains must be a list of at least one name';
  if (blockchains !== undefined && subject === 'user')
    return 'blockchains applies to wallets only, so it cannot be combined with subject: user';
  if (instance !== undefined && !isNames([instance])) return 'instance must be a name';
  return undefined;
}

function isNames(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string' && name !== '');
}

/** The metadata of a handler or a class. */
export interface CoinflowRouteMetadata {
  /** Absent when the handler has only the policy of the handler that it overrides. */
  readonly access?: CoinflowAccess;
  readonly policy: CoinflowRoutePolicy;
}

/** The access and the policy of a route, merged from its classes and its handler. */
export interface CoinflowRoute {
  /** The name of the handler, for example `MeController.me`. */
  readonly name: string;
  readonly access: CoinflowAccess;
  readonly policy: CoinflowRoutePolicy;
  /** Whether the handler or its class has a decorator or a guard of this package, rather than an `APP_GUARD` alone. */
  readonly isDecorated: boolean;
  /** Whether the handler is a GraphQL subscription, whose connection ends with the session. */
  readonly isSubscription: boolean;
}

/**
 * Adds to the metadata of a class.
 * @throws `TypeError` when its decorators contradict each other
 */
export function addClassMetadata(target: object, added: Partial<CoinflowRouteMetadata>, decorator: string): void {
  Reflect.defineMetadata(COINFLOW_AUTH_METADATA, merge(readOwn(target), added, decorator), target);
}

/**
 * Adds to the metadata of a handler. An override starts with the policy of the handler that it overrides.
 * @throws `TypeError` when its decorators contradict each other
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
        `${decorator}: @CoinflowPublic() cannot be combined with @CoinflowAuth() or @CoinflowOptional(); keep one of them`,
      );
    }
  }
  // `@CoinflowAuth({ ... })` with `@CoinflowOptional()` sets the policy of an optional route, in either order.
  const accesses = [existing?.access, added.access];
  const access = accesses.includes('optional') ? 'optional' : (added.access ?? existing?.access);
  return { access, policy: { ...existing?.policy, ...definedOnly(added.policy) } };
}

/**
 * Merges the metadata that applies to a handler. The levels, in order: the classes that the controller extends, the
 * controller, the handler. A later level replaces the access, and single fields of the policy.
 * @param guard a level that has this guard and no access of its own requires a session
 */
export function readRoute(handler: object, controller: object, guard: object): CoinflowRoute {
  const levels = [...levelsOf(controller, guard), ...levelsOf(handler, guard)];
  return {
    name: `${nameOf(controller)}.${nameOf(handler)}`,
    access: levels.findLast(({ access }) => access !== undefined)?.access ?? 'required',
    policy: Object.assign({}, ...levels.map(({ policy }) => policy)) as CoinflowRoutePolicy,
    isDecorated: levels.some(({ access, policy }) => access !== undefined || Object.keys(policy).length > 0),
    isSubscription: isSubscription(handler),
  };
}

/** The levels of the classes that a class extends, or of the prototypes of a handler, and last its own level. */
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

/** Drops `undefined`, so that a field without a value does not remove the requirement of an earlier level. */
function definedOnly(policy: CoinflowRoutePolicy = {}): CoinflowRoutePolicy {
  return Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined));
}

function readOwn(target: object): CoinflowRouteMetadata | undefined {
  return Reflect.getOwnMetadata(COINFLOW_AUTH_METADATA, target) as CoinflowRouteMetadata | undefined;
}
