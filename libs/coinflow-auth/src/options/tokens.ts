// `Symbol.for`: two copies of the package in one process, an ESM and a CommonJS one, must use the same tokens.

/** Injection token of the options as the application passed them. */
export const COINFLOW_AUTH_MODULE_OPTIONS: unique symbol = Symbol.for('nestjs-coinflow-auth:module-options');
/** Injection token of the option `contexts` as the module was registered with it. `overrideCoinflowAuth()` keeps it. */
export const COINFLOW_AUTH_CONTEXTS: unique symbol = Symbol.for('nestjs-coinflow-auth:contexts');
/** Injection token of the validated options, with defaults. */
export const COINFLOW_AUTH_OPTIONS: unique symbol = Symbol.for('nestjs-coinflow-auth:options');
/** Injection token of the functions that create the providers of each instance; `overrideCoinflowAuth()` replaces them. */
export const COINFLOW_AUTH_FACTORY: unique symbol = Symbol.for('nestjs-coinflow-auth:factory');
/** Injection token of the audit of the routes. */
export const COINFLOW_ROUTE_AUDIT: unique symbol = Symbol.for('nestjs-coinflow-auth:route-audit');

/** Metadata key of the access and the policy of a route: `{ access, policy }`. */
export const COINFLOW_AUTH_METADATA: unique symbol = Symbol.for('nestjs-coinflow-auth:metadata');
/** Metadata key of the filters of an event handler. */
export const COINFLOW_EVENT_HANDLER_METADATA: unique symbol = Symbol.for('nestjs-coinflow-auth:event-handler');
/** Metadata key of the options of a webhook route. */
export const COINFLOW_WEBHOOK_ROUTE_METADATA: unique symbol = Symbol.for('nestjs-coinflow-auth:webhook-route');

/** The providers of an instance of the module: `CoinflowAuthenticator`, `CoinflowAuthService`, `CoinflowWebhooks`, `CoinflowApi`. */
export type InstanceProvider = 'authenticator' | 'service' | 'webhooks' | 'api';

/** Injection token of a provider of an instance. The guards of every copy of the package find it. */
export function instanceToken(provider: InstanceProvider, instance?: string): symbol {
  const unnamed = `nestjs-coinflow-auth:${provider}`;
  return Symbol.for(instance === undefined ? unnamed : `${unnamed}:${instance}`);
}

/** The instance that a token of {@link instanceToken} belongs to, without a name if it is the unnamed one. */
export function instanceOfToken(provider: InstanceProvider, token: unknown): { readonly name?: string } | undefined {
  const unnamed = `nestjs-coinflow-auth:${provider}`;
  const key = typeof token === 'symbol' ? Symbol.keyFor(token) : undefined;
  if (key === unnamed) return {};
  return key?.startsWith(`${unnamed}:`) ? { name: key.slice(unnamed.length + 1) } : undefined;
}
