import 'reflect-metadata';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import {
  CONTROLLER,
  FIELD,
  FILTERS,
  GATEWAY,
  GUARDS,
  HANDLER_TYPE,
  HTTP_CODE,
  INTERCEPTORS,
  MESSAGE_HANDLER,
  PARAMETERS,
  PATH,
  PATTERN,
  REFERENCE,
  RESOLVER_TYPE,
  SSE,
} from './metadata-keys.js';

/** `PatternHandler.EVENT` of `@nestjs/microservices`. */
const EVENT = 2;

/** A method with a decorator. */
export interface DecoratedMethod {
  readonly prototype: object;
  readonly name: string | symbol;
  /** The current function of the method; a decorator that runs later can replace it. */
  readonly method: object;
}

/** A route as Nest registers it, inherited routes included. */
export interface ApplicationRoute {
  /** The name of the handler, for example `MeController.me`. */
  readonly name: string;
  readonly controller: object;
  /** The class of the module that has the controller. */
  readonly module: object;
  /** Its function is the one that Nest calls: that of the controller object, since a constructor can replace it. */
  readonly method: DecoratedMethod;
  readonly type: 'http';
}

/**
 * Writes metadata twice: to the function, where Nest and the guards read it, and to the name of the method. There it stays
 * when another decorator replaces the function.
 */
export function writeMethodMetadata(key: symbol, value: unknown, { prototype, name, method }: DecoratedMethod): void {
  Reflect.defineMetadata(key, value, method);
  Reflect.defineMetadata(key, value, prototype, name);
}

/** The metadata of a method of this class itself, also when its function was replaced. */
export function readOwnMethodMetadata<T>(
  key: symbol,
  { prototype, name }: Pick<DecoratedMethod, 'prototype' | 'name'>,
): T | undefined {
  return Reflect.getOwnMetadata(key, prototype, name) as T | undefined;
}

/** The metadata of the method that a method overrides. */
export function readOverriddenMetadata<T>(
  key: symbol,
  { prototype, name }: Pick<DecoratedMethod, 'prototype' | 'name'>,
): T | undefined {
  return Reflect.getMetadata(key, Object.getPrototypeOf(prototype) as object, name) as T | undefined;
}

/** Why the function of a method lacks the metadata that a decorator wrote; `undefined` if it lacks nothing. */
export function lossOfMetadata(
  key: symbol,
  { prototype, name, method }: DecoratedMethod,
): 'replaced' | 'overridden' | undefined {
  if (Reflect.hasMetadata(key, method) || !Reflect.hasMetadata(key, prototype, name)) return undefined;
  let declaring = prototype;
  while (!Object.hasOwn(declaring, name)) declaring = Object.getPrototypeOf(declaring) as object;
  return Reflect.hasOwnMetadata(key, declaring, name) ? 'replaced' : 'overridden';
}

const scanner = new MetadataScanner();

/** All routes of an application. */
export function routesOf(modules: ModulesContainer): ApplicationRoute[] {
  const controllers = Array.from(modules.values()).flatMap((module) =>
    Array.from(module.controllers.values(), (wrapper) => ({ wrapper, module: module.metatype as object })),
  );
  return controllers.flatMap(({ wrapper: { metatype, instance }, module }) => {
    const { prototype, name } = metatype as { prototype: Record<string, object>; name: string };
    const object = (instance ?? prototype) as Record<string, object>;
    return scanner
      .getAllMethodNames(prototype)
      .filter((method) => Reflect.hasMetadata(PATH, prototype[method] as object))
      .map((method) => ({
        name: `${name}.${method}`,
        controller: metatype as object,
        module,
        method: { prototype, name: method, method: object[method] as object },
        type: 'http',
      }));
  });
}

/** The metadata keys of handlers, and the type that Nest gives to their contexts. */
const HANDLERS = [
  [PATTERN, 'rpc'],
  [MESSAGE_HANDLER, 'ws'],
  [RESOLVER_TYPE, 'graphql'],
  [FIELD, 'graphql'],
  [REFERENCE, 'graphql'],
] as const;

/** The metadata keys of resolvers whose guards Nest runs only with `fieldResolverEnhancers: ['guards']`. */
const FIELD_RESOLVERS = [FIELD, REFERENCE];
/** The token of the options of `GraphQLModule`. */
const GRAPHQL_OPTIONS = 'GqlModuleOptions';

/** The functions behind the parameters of a handler with decorators that `createParamDecorator()` has created. */
export function parameterFactoriesOf(controller: object, method: string | symbol): unknown[] {
  const parameters = (Reflect.getMetadata(PARAMETERS, controller, method) ?? {}) as Record<
    string,
    { factory?: unknown }
  >;
  return Object.values(parameters).map(({ factory }) => factory);
}

/** A handler of messages or of GraphQL, inherited ones included. */
export interface MessageHandler {
  /** The name of the handler, for example `OrdersGateway.order`. */
  readonly name: string;
  readonly controller: object;
  /** Its function is the one that Nest calls: of a microservice, that of the controller object. */
  readonly method: DecoratedMethod;
  /** The type of its context, as `ExecutionContext.getType()` has it. */
  readonly type: string;
}

/** What Nest calls for a request or a message. */
export type ApplicationHandler = ApplicationRoute | MessageHandler;

/** The handlers of an application for gateways, microservices and GraphQL. Nest knows no handlers of other contexts. */
export function messageHandlersOf(modules: ModulesContainer): MessageHandler[] {
  const wrappers = Array.from(modules.values()).flatMap(({ controllers, providers }) => [
    ...controllers.values(),
    ...providers.values(),
  ]);
  const classes = new Map(wrappers.map((wrapper) => [wrapper.metatype as HandlerClass | null, wrapper]));
  return [...classes].flatMap(([controller, wrapper]) => {
    const prototype = controller?.prototype;
    if (!controller || !prototype) return [];
    return scanner.getAllMethodNames(prototype).flatMap((name) => {
      const [, type] = HANDLERS.find(([key]) => Reflect.hasMetadata(key, prototype[name] as object)) ?? [];
      if (!type) return [];
      const object = type === 'rpc' ? ((wrapper.instance ?? prototype) as typeof prototype) : prototype;
      const method = { prototype, name, method: object[name] as object };
      return [{ name: `${controller.name}.${name}`, controller, method, type }];
    });
  });
}

interface HandlerClass {
  readonly prototype?: Record<string, object>;
  readonly name: string;
}

/** Whether a handler resolves a field of a GraphQL type, rather than a query, a mutation or a subscription. */
export function isFieldResolver({ method: { method } }: MessageHandler): boolean {
  return FIELD_RESOLVERS.some((key) => Reflect.hasMetadata(key, method));
}

/**
 * Whether Nest calls the handler: those of messages only in controllers and gateways. `__resolveType` is no handler, since it only
 * names a type.
 */
export function isBound({ controller, method: { name }, type }: MessageHandler): boolean {
  if (type === 'rpc') return Reflect.hasMetadata(CONTROLLER, controller);
  if (type === 'ws') return Reflect.hasMetadata(GATEWAY, controller);
  return name !== '__resolveType';
}

/** Whether Nest runs the guards of field resolvers: in every `GraphQLModule` of the application. */
export function runsGuardsOfFieldResolvers(modules: ModulesContainer): boolean {
  return Array.from(modules.values()).every(({ providers }) => {
    const options = providers.get(GRAPHQL_OPTIONS)?.instance as { fieldResolverEnhancers?: string[] } | undefined;
    return !options || options.fieldResolverEnhancers?.includes('guards');
  });
}

/** Whether the handler is a subscription of GraphQL. */
export function isSubscription(handler: object): boolean {
  return Reflect.getMetadata(RESOLVER_TYPE, handler) === 'Subscription';
}

/** Whether the handler has `@Sse()`. */
export function isEventStream(handler: object): boolean {
  return Reflect.getMetadata(SSE, handler) === true;
}

/** Adds an interceptor to a handler, in place of one of the same class. Nest reads it when it registers the routes. */
export function setInterceptor(handler: object, interceptor: object): void {
  const existing = (Reflect.getMetadata(INTERCEPTORS, handler) ?? []) as object[];
  const others = existing.filter((one) => one.constructor !== interceptor.constructor);
  Reflect.defineMetadata(INTERCEPTORS, [...others, interceptor], handler);
}

/** Whether the handler has `@EventPattern()`: nobody waits for its answer. */
export function isEventHandler(handler: object): boolean {
  return Reflect.getMetadata(HANDLER_TYPE, handler) === EVENT;
}

/** The classes of an application with `@WebSocketGateway()`. */
export function gatewaysOf(modules: ModulesContainer): object[] {
  const providers = Array.from(modules.values()).flatMap((module) => Array.from(module.providers.values()));
  return providers.flatMap(({ metatype }) =>
    typeof metatype === 'function' && Reflect.hasMetadata(GATEWAY, metatype) ? [metatype] : [],
  );
}

/** Adds a filter to a class, in place of one of the same class. The other filters of the class come before it. */
export function setLastFilter(target: object, filter: object): void {
  const existing = (Reflect.getMetadata(FILTERS, target) ?? []) as object[];
  const others = existing.filter((one) => one.constructor !== filter.constructor);
  // Nest asks the filters of a class in the reverse order.
  Reflect.defineMetadata(FILTERS, [filter, ...others], target);
}

/** The status that `@HttpCode()` sets. */
export function httpCodeOf(handler: object): number | undefined {
  return Reflect.getMetadata(HTTP_CODE, handler) as number | undefined;
}

/** Whether a class or a method has the guard or a subclass of it. */
export function hasGuard(target: object, guard: object): boolean {
  return guardsOf(target).some((one) => isGuard(one, guard));
}

/** Like {@link hasGuard}, but ignores the guards of the extended class, which Nest lists first. */
export function hasOwnGuard(target: object, guard: object): boolean {
  if (!Reflect.hasOwnMetadata(GUARDS, target)) return false;
  const inherited = guardsOf(Object.getPrototypeOf(target) as object);
  return guardsOf(target)
    .slice(inherited.length)
    .some((one) => isGuard(one, guard));
}

function guardsOf(target: object): readonly object[] {
  return (Reflect.getMetadata(GUARDS, target) ?? []) as object[];
}

/** Whether a guard is of this class or of a subclass. `@UseGuards()` accepts classes and objects. */
export function isGuard(one: object, guard: object): boolean {
  const type = typeof one === 'function' ? one : one.constructor;
  return type === guard || Object.prototype.isPrototypeOf.call(guard, type);
}
