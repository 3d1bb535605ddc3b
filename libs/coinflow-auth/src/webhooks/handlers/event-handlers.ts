import { MetadataScanner, type DiscoveryService } from '@nestjs/core';
import { CoinflowMisconfiguredError } from '../../errors/coinflow-auth.errors.js';
import { lossOfMetadata, type DecoratedMethod } from '../../options/method-metadata.js';
import { COINFLOW_EVENT_HANDLER_METADATA } from '../../options/webhook-tokens.js';
import type { CoinflowWebhookEvent } from '../events/webhook-event.js';
import { matches, type CoinflowEventFilter } from './event-filter.js';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];
type Method = (event: CoinflowWebhookEvent) => unknown;

/** Calls a method that handles events. */
export type EventHandler = (event: CoinflowWebhookEvent) => unknown;

interface FilteredHandler {
  readonly filters: readonly CoinflowEventFilter[];
  readonly handle: EventHandler;
}

/** The methods of an application that handle events. */
export class EventHandlers {
  readonly #handlers: readonly FilteredHandler[];
  readonly #instance: string | undefined;

  /**
   * @param instances the names of all instances, of which `undefined` is the unnamed one
   * @throws {CoinflowMisconfiguredError} when a handler could never be called
   */
  constructor(discovery: DiscoveryService, instance: string | undefined, instances: ReadonlySet<string | undefined>) {
    this.#instance = instance;
    const seen = new Set<unknown>();
    const wrappers = [...discovery.getProviders(), ...discovery.getControllers()];
    this.#handlers = wrappers.flatMap((wrapper) => {
      // One object under two tokens is one handler.
      if (wrapper.isAlias || seen.has(wrapper.instance)) return [];
      seen.add(wrapper.instance);
      return handlersOf(wrapper, instances);
    });
  }

  /** Those that an event is for. */
  for(event: Pick<CoinflowWebhookEvent, 'eventType' | 'category'>): readonly EventHandler[] {
    return this.#handlers
      .filter(({ filters }) => filters.some((filter) => matches(filter, event, this.#instance)))
      .map(({ handle }) => handle);
  }
}

const scanner = new MetadataScanner();

function handlersOf(wrapper: Wrapper, instances: ReadonlySet<string | undefined>): FilteredHandler[] {
  const prototype = prototypeOf(wrapper);
  if (!prototype) return [];
  return scanner.getAllMethodNames(prototype).flatMap((name) => {
    const method = prototype[name] as object;
    const where = `${String(wrapper.name)}.${name}`;
    assertNotReplaced({ prototype, name, method }, where);
    const filters = Reflect.getMetadata(COINFLOW_EVENT_HANDLER_METADATA, method) as CoinflowEventFilter[] | undefined;
    if (!filters) return [];
    assertCallable(wrapper, where, filters, instances);
    const instance = wrapper.instance as Record<string, Method>;
    // By its name, at each call: a spy that a test has put there is called.
    return [{ filters, handle: (event) => instance[name]?.(event) }];
  });
}

/** Of the object, and not of a class: what a factory made is known by nothing else. */
function prototypeOf({ instance }: Wrapper): Record<string, unknown> | undefined {
  if (typeof instance !== 'object' || instance === null) return undefined;
  return (Object.getPrototypeOf(instance) as Record<string, unknown> | null) ?? undefined;
}

/** An override without the decorator is a method like any other. */
function assertNotReplaced(method: DecoratedMethod, where: string): void {
  if (lossOfMetadata(COINFLOW_EVENT_HANDLER_METADATA, method) !== 'replaced') return;
  throw new CoinflowMisconfiguredError(`${where} was replaced after @OnCoinflowEvent(), and would handle no event`, {
    reason: 'method-replaced',
    action: 'Put the decorator that replaces the method below @OnCoinflowEvent(), or make it copy the metadata.',
  });
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
  const which = unknown.instance === undefined ? 'without a name' : `of the name “${unknown.instance}”`;
  throw new CoinflowMisconfiguredError(
    `${where} handles events of an instance of CoinflowAuthModule ${which}, and there is none`,
    { reason: 'instance-missing', action: 'Register the instance, or correct the name in @OnCoinflowEvent().' },
  );
}
