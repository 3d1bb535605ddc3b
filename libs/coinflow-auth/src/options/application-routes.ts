import 'reflect-metadata';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import type { DecoratedMethod } from './method-metadata.js';

/** Where Nest keeps what `@UseGuards()` says. */
const GUARDS = '__guards__';
/** Where Nest keeps the path of a route: a method without one is no route. */
const ROUTE_PATH = 'path';

/** A route, as Nest registers it: inherited ones among them. */
export interface ApplicationRoute {
  /** The handler's name, as `MeController.me`. */
  readonly name: string;
  readonly controller: object;
  /** Its function is the one that Nest calls and reads the guards from: that of the object, which a constructor can replace. */
  readonly method: DecoratedMethod;
}

const scanner = new MetadataScanner();

/** Every route of an application. */
export function routesOf(modules: ModulesContainer): ApplicationRoute[] {
  const controllers = Array.from(modules.values()).flatMap((module) => Array.from(module.controllers.values()));
  return controllers.flatMap(({ metatype, instance }) => {
    const { prototype, name } = metatype as { prototype: Record<string, object>; name: string };
    const object = (instance ?? prototype) as Record<string, object>;
    return scanner
      .getAllMethodNames(prototype)
      .filter((method) => Reflect.hasMetadata(ROUTE_PATH, prototype[method] as object))
      .map((method) => ({
        name: `${name}.${method}`,
        controller: metatype as object,
        method: { prototype, name: method, method: object[method] as object },
      }));
  });
}

/** Whether a class or a method has the guard, or a subclass of it, whoever put it there. */
export function hasGuard(target: object, guard: object): boolean {
  return guardsOf(target).some((one) => isGuard(one, guard));
}

/** As {@link hasGuard}, without the guards of the class that the target extends: Nest writes these into its list first. */
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

/** Guards stand there as classes or as objects. */
function isGuard(one: object, guard: object): boolean {
  const type = typeof one === 'function' ? one : one.constructor;
  return type === guard || Object.prototype.isPrototypeOf.call(guard, type);
}
