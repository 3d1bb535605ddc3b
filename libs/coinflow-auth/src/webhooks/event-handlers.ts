import { HttpException, InternalServerErrorException } from '@nestjs/common';
import type { DiscoveryService } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';
import { describeInstance } from '../contexts/instances.js';
import { CoinflowMisconfiguredError } from '../errors/coinflow-auth.errors.js';
import { COINFLOW_EVENT_HANDLER_METADATA } from '../options/tokens.js';
import { readOwnMethodMetadata } from '../util/nest-metadata.js';
import type { CoinflowEventCategory, CoinflowEventType } from './event-types.js';
import type { CoinflowWebhookEvent } from './webhook-event.js';

/**
 * Selects the events that a method handles. An event must match every property that is set.
 *
 * @inline
 */
export interface CoinflowEventFilter<Type extends CoinflowEventType = CoinflowEventType> {
  /** Events of these types. */
  types?: readonly Type[];
  /** Events of this category, including types that this package does not know yet. */
  category?: CoinflowEventCategory;
  /**
   * The name of the `CoinflowAuthModule` instance that receives the webhooks.
   * @default the unnamed instance
   */
  instance?: string;
}

/** @returns what is wrong with a filter, or `undefined` if it is valid */
export function filterProblem({ types, category, instance }: CoinflowEventFilter): string | undefined {
  if (types !== undefined && !(Array.isArray(types) && types.length > 0 && types.every(isName))) {
    return 'types must be a list of at least one type';
  }
  if (category !== undefined && !isName(category)) return 'category must be a non-empty string';
  if (instance !== undefined && !isName(instance)) return 'instance must be a non-empty string';
  return undefined;
}

type EventToMatch = Pick<CoinflowWebhookEvent, 'eventType' | 'category'>;

function matches(filter: CoinflowEventFilter, event: EventToMatch, instance: string | undefined): boolean {
  return (
    filter.instance === instance &&
    (filter.types?.includes(event.eventType) ?? true) &&
    (filter.category === undefined || filter.category === event.category)
  );
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** Wraps an error of a handler or a route, to distinguish it from the errors of this package. */
export class HandlerFailure extends Error {
  constructor(readonly thrown: unknown) {
    super('A webhook handler failed');
  }

  /**
   * Always a 5xx, so that Coinflow sends the event again, whatever the handler threw. The original error is the `cause`
   * for exception filters that report it; it is not part of the body.
   */
  toHttpException(): HttpException {
    const { thrown } = this;
    if (thrown instanceof HttpException && thrown.getStatus() >= 500) return thrown;
    return new InternalServerErrorException({ statusCode: 500, message: 'Internal server error' }, { cause: thrown });
  }
}

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];
type Name = string | symbol;

/** Calls a handler method and waits for its result. */
export type EventHandler = (event: CoinflowWebhookEvent) => Promise<void>;

interface FilteredHandler {
  readonly filters: readonly CoinflowEventFilter[];
  readonly handle: EventHandler;
}

/** The `@OnCoinflowEvent()` methods of an application. */
export class EventHandlers {
  readonly #discovery: DiscoveryService;
  readonly #instance: string | undefined;
  readonly #instances: () => ReadonlySet<string | undefined>;
  #objects: readonly unknown[] = [];
  #handlers: readonly FilteredHandler[] = [];

  /**
   * @param instances the names of all instances; `undefined` is the unnamed one
   * @throws {@link CoinflowMisconfiguredError} when a handler can never be called
   */
  constructor(
    discovery: DiscoveryService,
    instance: string | undefined,
    instances: () => ReadonlySet<string | undefined>,
  ) {
    this.#discovery = discovery;
    this.#instance = instance;
    this.#instances = instances;
    this.#discover();
  }

  /**
   * The handlers of an event.
   * @throws {@link CoinflowMisconfiguredError} when a handler of a lazily loaded module can never be called
   */
  for(event: EventToMatch): readonly EventHandler[] {
    this.#discover();
    return this.#handlers
      .filter(({ filters }) => filters.some((filter) => matches(filter, event, this.#instance)))
      .map(({ handle }) => handle);
  }

  /** Runs again whenever the application has other objects: modules can be loaded later, and their factories take time. */
  #discover(): void {
    const wrappers = [...this.#discovery.getProviders(), ...this.#discovery.getControllers()];
    const objects = wrappers.map(({ instance }) => instance as unknown);
    if (objects.length === this.#objects.length && objects.every((one, index) => one === this.#objects[index])) return;
    const instances = this.#instances();
    const seen = new Set<unknown>();
    this.#handlers = wrappers.flatMap((wrapper) => {
      const identities = identitiesOf(wrapper);
      if (wrapper.isAlias || identities.some((one) => seen.has(one))) return [];
      for (const one of identities) seen.add(one);
      return handlersOf(wrapper, instances);
    });
    this.#objects = objects;
  }
}

/** A class that two modules provide counts as one handler, and so does one object under two tokens. Two objects of a factory count as two. */
function identitiesOf({ isNotMetatype, metatype, instance }: Wrapper): readonly unknown[] {
  return isNotMetatype ? [instance] : [instance, metatype];
}

function handlersOf(wrapper: Wrapper, instances: ReadonlySet<string | undefined>): FilteredHandler[] {
  return Array.from(decoratedMethodsOf(wrapper.instance), ([name, filters]) => {
    const where = `${String(wrapper.name)}.${String(name)}`;
    assertCallable(wrapper, where, filters, instances);
    // Looked up by name at each call, so that a method which was replaced since is called in its new form.
    return { filters, handle: (event) => call(wrapper.instance as Record<Name, unknown>, name, where, event) };
  });
}

async function call(
  object: Record<Name, unknown>,
  name: Name,
  where: string,
  event: CoinflowWebhookEvent,
): Promise<void> {
  const method = object[name];
  // Skipping it would acknowledge an event that was not handled.
  if (typeof method !== 'function') {
    throw new TypeError(`${where} is decorated with @OnCoinflowEvent() but is no longer a method`);
  }
  const result = await (Reflect.apply(method, object, [event]) as unknown);
  if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
}

/**
 * The methods under `@OnCoinflowEvent()`, by name: another decorator may have replaced the method by any function, or by
 * a getter. Reads the prototypes of the object, because a factory may return an object of any class.
 */
function decoratedMethodsOf(object: unknown): Map<Name, readonly CoinflowEventFilter[]> {
  const found = new Map<Name, readonly CoinflowEventFilter[]>();
  if (typeof object !== 'object' || object === null) return found;
  const seen = new Set<Name>();
  let prototype = Object.getPrototypeOf(object) as object | null;
  for (; prototype && prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype) as object | null) {
    for (const name of Reflect.ownKeys(prototype)) {
      // A method that is overridden without the decorator is not a handler.
      if (seen.has(name)) continue;
      seen.add(name);
      const filters = filtersOf(prototype, name);
      if (filters) found.set(name, filters);
    }
  }
  return found;
}

function filtersOf(prototype: object, name: Name): readonly CoinflowEventFilter[] | undefined {
  const filters = readOwnMethodMetadata<CoinflowEventFilter[]>(COINFLOW_EVENT_HANDLER_METADATA, { prototype, name });
  if (filters) return filters;
  const { value } = Object.getOwnPropertyDescriptor(prototype, name) as { value?: unknown };
  if (typeof value !== 'function') return undefined;
  return Reflect.getMetadata(COINFLOW_EVENT_HANDLER_METADATA, value) as CoinflowEventFilter[] | undefined;
}

function assertCallable(
  wrapper: Wrapper,
  where: string,
  filters: readonly CoinflowEventFilter[],
  instances: ReadonlySet<string | undefined>,
): void {
  if (!wrapper.isDependencyTreeStatic() || wrapper.isTransient) {
    throw new CoinflowMisconfiguredError(`${where} handles Coinflow events, but its class is not a singleton`, {
      reason: 'handler-not-singleton',
      action: 'Make the class a singleton: it and its dependencies must not use Scope.REQUEST or Scope.TRANSIENT.',
    });
  }
  const unknown = filters.find(({ instance }) => !instances.has(instance));
  if (!unknown) return;
  throw new CoinflowMisconfiguredError(
    `${where} handles events of the instance of CoinflowAuthModule ${describeInstance(unknown.instance)}, which is not registered`,
    { reason: 'instance-missing', action: 'Register the instance, or correct the name in @OnCoinflowEvent().' },
  );
}
