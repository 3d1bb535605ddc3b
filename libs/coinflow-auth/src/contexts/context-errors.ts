import type { CoinflowMisconfiguredError } from '../errors/coinflow-auth.errors.js';
import { misconfigured } from './http-exception.js';

/** The error for handlers in a context without an adapter: the guard does not know where their session keys are. */
export function unknownContext(handlers: readonly string[], type: string): CoinflowMisconfiguredError {
  return misconfigured(
    `CoinflowAuthGuard cannot authenticate ${handlers.join(', ')}, because it does not know the context "${type}"`,
    {
      reason: 'unknown-context',
      action: `Set the option contexts.${type} to the adapter of this context, or to 'skip' if the guard should not run for its handlers.${adapterOf(type)} Or mark the handler @CoinflowPublic() and protect it in another way.`,
    },
  );
}

/** The error for handlers that have a decorator of this package in a context where the guard does not run. */
export function skippedContext(handlers: readonly string[], type: string): CoinflowMisconfiguredError {
  const have = handlers.length === 1 ? 'has a decorator' : 'have decorators';
  return misconfigured(
    `${handlers.join(', ')} ${have} of nestjs-coinflow-auth, but the option contexts skips "${type}"`,
    {
      reason: 'skipped-context',
      action: `Set the option contexts.${type} to the adapter of this context, or remove the decorator.${adapterOf(type)}`,
    },
  );
}

/** The adapters of this package, each in an entry of its own. */
const ADAPTERS = new Map([
  ['graphql', 'graphqlContext() of nestjs-coinflow-auth/graphql'],
  ['ws', 'webSocketContext() of nestjs-coinflow-auth/websockets'],
  ['rpc', 'rpcContext() of nestjs-coinflow-auth/microservices'],
]);

function adapterOf(type: string): string {
  const adapter = ADAPTERS.get(type);
  return adapter ? ` For "${type}" there is ${adapter}.` : '';
}
