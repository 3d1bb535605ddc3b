import type { CoinflowMisconfiguredError } from '../errors/coinflow-auth.errors.js';
import { misconfigured } from './http-exception.js';

/** The error for a handler in a context without an adapter: the guard does not know where its session key is. */
export function unknownContext(handler: string, type: string): CoinflowMisconfiguredError {
  return misconfigured(
    `CoinflowAuthGuard cannot authenticate ${handler}, because it does not know the context "${type}"`,
    {
      reason: 'unknown-context',
      action: `Set the option contexts.${type} to the adapter of this context, or to 'skip' if the guard shall not run for its handlers. Or mark the handler @CoinflowPublic() and protect it in another way.`,
    },
  );
}

/** The error for a handler that has a decorator of this package in a context where the guard does not run. */
export function skippedContext(handler: string, type: string): CoinflowMisconfiguredError {
  return misconfigured(`${handler} has a decorator of nestjs-coinflow-auth, but the option contexts skips "${type}"`, {
    reason: 'skipped-context',
    action: `Set the option contexts.${type} to the adapter of this context, or remove the decorator.`,
  });
}
