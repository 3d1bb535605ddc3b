import 'reflect-metadata';

/** A method that a decorator is on. */
export interface DecoratedMethod {
  readonly prototype: object;
  readonly name: string | symbol;
  /** The function that the method is now; a decorator that runs later can replace it. */
  readonly method: object;
}

/**
 * Writes metadata to the function, where Nest and the guards read it, and to the name of the method, where it stays when
 * another decorator replaces the function.
 */
export function writeMethodMetadata(key: symbol, value: unknown, { prototype, name, method }: DecoratedMethod): void {
  Reflect.defineMetadata(key, value, method);
  Reflect.defineMetadata(key, value, prototype, name);
}

/** What has been written for a method of this class itself, whichever function it was then. */
export function readOwnMethodMetadata<T>(
  key: symbol,
  { prototype, name }: Pick<DecoratedMethod, 'prototype' | 'name'>,
): T | undefined {
  return Reflect.getOwnMetadata(key, prototype, name) as T | undefined;
}

/** What has been written for the method of the extended class that a method overrides. */
export function readOverriddenMetadata<T>(
  key: symbol,
  { prototype, name }: Pick<DecoratedMethod, 'prototype' | 'name'>,
): T | undefined {
  return Reflect.getMetadata(key, Object.getPrototypeOf(prototype) as object, name) as T | undefined;
}

/** How the function of a method came to lack what a decorator has written for the method; `undefined` if it lacks nothing. */
export function lossOfMetadata(
  key: symbol,
  { prototype, name, method }: DecoratedMethod,
): 'replaced' | 'overridden' | undefined {
  if (Reflect.hasMetadata(key, method) || !Reflect.hasMetadata(key, prototype, name)) return undefined;
  let declaring = prototype;
  while (!Object.hasOwn(declaring, name)) declaring = Object.getPrototypeOf(declaring) as object;
  return Reflect.hasOwnMetadata(key, declaring, name) ? 'replaced' : 'overridden';
}
