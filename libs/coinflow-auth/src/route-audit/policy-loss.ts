import { CoinflowAuthGuard } from '../coinflow-auth.guard.js';
import type { CoinflowContext } from '../options/context-contracts.js';
import { readRoute } from '../options/route-policy.js';
import { COINFLOW_AUTH_METADATA } from '../options/tokens.js';
import { lossOfMetadata, type ApplicationHandler } from '../util/nest-metadata.js';

/** The contexts of an instance; `undefined` if there is no such instance. */
export type ContextsOf = (instance: string | undefined) => ReadonlyMap<string, CoinflowContext> | undefined;

/**
 * Why a handler lacks the guard and the policy of its decorators; `undefined` if it lacks nothing. An override in a context that
 * the option `contexts` skips lacks nothing, since no guard runs there. A decorator there is a mistake, also when it is lost.
 */
export function lossOfPolicy(
  { controller, method, type }: ApplicationHandler,
  contextsOf: ContextsOf,
): 'replaced' | 'overridden' | undefined {
  const loss = lossOfMetadata(COINFLOW_AUTH_METADATA, method);
  if (loss !== 'overridden') return loss;
  const { policy } = readRoute(method.method, controller, CoinflowAuthGuard);
  return contextsOf(policy.instance)?.get(type) === 'skip' ? undefined : loss;
}
