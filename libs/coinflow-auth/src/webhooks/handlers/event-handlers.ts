import type { DiscoveryService } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';
import { describeInstance } from '../../contexts/instances.js';
import { CoinflowMisconfiguredError } from '../../errors/coinflow-auth.errors.js';
import { readOwnMethodMetadata } from '../../util/nest-metadata.js';
import { COINFLOW_EVENT_HANDLER_METADATA } from '../../options/tokens.js';
import type { CoinflowWebhookEvent } from '../events/webhook-event.js';
import { matches, type CoinflowEventFilter } from './event-filter.js';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];
type Name = string | symbol;

/** Calls a method that handles events, and waits for it. */
export type EventHandler = (event: CoinflowWebhookEvent) => Promise<void>;

interface FilteredHandler {
  readonly filters: readonly CoinflowEventFilter[];
  readonly handle: EventHandler;
}

/** The methods of an application that handle events. */
export class EventHandlers {
  readonly #discovery: DiscoveryService;
  readonly #instance: string | undefined;
  readonly #instances: () => ReadonlySet<string | undefined>;
  #objects: readonly unknown[] = [];
  #handlers: readonly FilteredHandler[] = [];

  /**
   * @param instances the names of all instances, of which `undefined` is the unnamed one
   * @throws {CoinflowMisconfiguredError} when a handler could never be called
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
   * Those that an event is for.
   * @throws {CoinflowMisconfiguredError} when a handler of a module that was loaded later could never be called
   */
  for(event: Pick<CoinflowWebhookEvent, 'eventType' | 'category'>): readonly EventHandler[] {
    this.#discover();
    return this.#handlers
      .filter(({ filters }) => filters.some((filter) => matches(filter, event, this.#instance)))
      .map(({ handle }) => handle);
  }

  /** Again whenever the objects of the application are others: modules can be loaded later, and take a while. */
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

/** A class that two modules provide is one handler, and so is one object under two tokens. Two objects of a factory are two. */
function identitiesOf({ isNotMetatype, metatype, instance }: Wrapper): readonly unknown[] {
  return isNotMetatype ? [instance] : [instance, metatype];
}

function handlersOf(wrapper: Wrapper, instances: ReadonlySet<string | undefined>): FilteredHandler[] {
  return Array.from(decoratedMethodsOf(wrapper.instance), ([name, filters]) => {
    const where = `${String(wrapper.name)}.${String(name)}`;
    assertCallable(wrapper, where, filters, instances);
    // By its name, at each call: what has replaced the method since is called.
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
  // To skip it would acknowledge an event that nobody has handled.
  if (typeof method !== 'function')
    throw new TypeError(`${where} handles events of Coinflow, but is no method any more`);
  const result = await (Reflect.apply(method, object, [event]) as unknown);
  if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
}

/**
 * The methods under `@OnCoinflowEvent()`, by name: another decorator can have put any function, or a getter, in a method's
 * place. By the prototype of the object, and not of a class: what a factory made is known by nothing else.
 */
function decoratedMethodsOf(object: unknown): Map<Name, readonly CoinflowEventFilter[]> {
  const found = new Map<Name, readonly CoinflowEventFilter[]>();
  if (typeof object !== 'object' || object === null) return found;
  const seen = new Set<Name>();
  let prototype = Object.getPrototypeOf(object) as object | null;
  for (; prototype && prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype) as object | null) {
    for (const name of Reflect.ownKeys(prototype)) {
      // An override without the decorator is a method like any other.
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
    throw new CoinflowMisconfiguredError(`${where} handles events of Coinflow, but its class is not a singleton`, {
      reason: 'handler-not-singleton',
      action: 'Make the class a singleton (no Scope.REQUEST or Scope.TRANSIENT, in what it injects either).',
    });
  }
  const unknown = filters.find(({ instance }) => !instances.has(instance));
  if (!unknown) return;
  throw new CoinflowMisconfiguredError(
    `${where} handles events of the instance of CoinflowAuthModule ${describeInstance(unknown.instance)}, which is not registered`,
    { reason: 'instance-missing', action: 'Register the instance, or correct the name in @OnCoinflowEvent().' },
  );
}
