import type { ModuleRef, ModulesContainer } from '@nestjs/core';
import type { CoinflowMisconfiguredError } from '../errors/coinflow-auth.errors.js';
import { instanceOfToken, instanceToken, type InstanceProvider } from '../options/tokens.js';
import { misconfigured } from './http-exception.js';

/** The name of an instance as error messages have it. */
export function describeInstance(name: string | undefined): string {
  return name === undefined ? 'without a name' : `with the name "${name}"`;
}

/** The names of all registrations of `CoinflowAuthModule`, one for each; `undefined` is the unnamed instance. */
export function registeredInstances(modules: ModulesContainer): (string | undefined)[] {
  const tokens = Array.from(modules.values()).flatMap(({ providers }) => Array.from(providers.keys()));
  return tokens.flatMap((token) => {
    const instance = instanceOfToken('service', token);
    return instance ? [instance.name] : [];
  });
}

/**
 * Finds a provider of an instance.
 * @param usedBy the route or class that needs the instance, for the message
 * @throws {@link CoinflowMisconfiguredError} when the instance is not registered
 */
export function getFromInstance<T>(
  moduleRef: ModuleRef,
  provider: InstanceProvider,
  instance: string | undefined,
  usedBy: string,
): T {
  try {
    return moduleRef.get<T>(instanceToken(provider, instance), { strict: false });
  } catch {
    throw moduleMissing(
      `${usedBy} uses the instance of CoinflowAuthModule ${describeInstance(instance)}, which is not registered`,
    );
  }
}

export function moduleMissing(message: string): CoinflowMisconfiguredError {
  return misconfigured(message, {
    reason: 'module-missing',
    action:
      'Import CoinflowAuthModule.forRoot() or .forRootAsync() at the root; for a named instance, pass its name. In a test of a part of the application, import it there: overrideCoinflowAuth() replaces its options.',
  });
}
