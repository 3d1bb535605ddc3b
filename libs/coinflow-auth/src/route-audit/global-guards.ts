import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { isGuard } from '../util/nest-metadata.js';

/** Whether a global guard of the application is this guard or a subclass of it: an `APP_GUARD`, or one of `useGlobalGuards()`. */
export function hasGlobalGuard(config: ApplicationConfig, guard: object): boolean {
  const scoped = config.getGlobalRequestGuards().flatMap(({ metatype }) => (metatype ? [metatype as object] : []));
  return [...config.getGlobalGuards(), ...scoped].some((one) => isGuard(one, guard));
}

/** The global guards of each microservice that was connected to an application. */
const observed = new WeakMap<ModulesContainer, { guards: readonly object[] }[]>();

/**
 * Observes which global guards Nest gives to the microservices of a hybrid application. Nest tells nobody whether
 * `connectMicroservice()` inherits the configuration. Only then it reads the guards of the application, while it connects.
 */
export function observeMicroservices(modules: ModulesContainer, config: ApplicationConfig): void {
  // The first versions of NestJS 11 have no registry.
  const registry = (modules as Partial<ModulesContainer>).getRpcTargetRegistry?.call(modules);
  if (!registry || observed.has(modules)) return;
  const microservices: { guards: readonly object[] }[] = [];
  observed.set(modules, microservices);
  let connecting: { guards: readonly object[] } | undefined;
  registry.subscribe(() => {
    microservices.push((connecting = { guards: [] }));
    // Connecting is synchronous. What reads the guards later, such as the router, does it for other handlers.
    queueMicrotask(() => (connecting = undefined));
  });
  const getGlobalGuards = config.getGlobalGuards.bind(config);
  config.getGlobalGuards = () => {
    const guards = getGlobalGuards();
    if (connecting) connecting.guards = guards;
    return guards;
  };
}

/** Whether the application has a microservice; `true` if that cannot be observed. */
export function mayHaveMicroservice(modules: ModulesContainer): boolean {
  return observed.get(modules)?.length !== 0;
}

/** Whether every connected microservice has the guard, or a subclass of it, as a global guard. */
export function everyMicroserviceHas(modules: ModulesContainer, guard: object): boolean {
  const microservices = observed.get(modules) ?? [];
  return microservices.length > 0 && microservices.every(({ guards }) => guards.some((one) => isGuard(one, guard)));
}
