// `Symbol.for`: two copies of the package in one process (an ESM and a CommonJS one, say) must mean the same thing.

/** Injection token of the options as the user gave them. */
export const COINFLOW_AUTH_MODULE_OPTIONS: unique symbol = Symbol.for('nestjs-coinflow-auth:module-options');
/** Injection token of the options, checked and complete. */
export const COINFLOW_AUTH_OPTIONS: unique symbol = Symbol.for('nestjs-coinflow-auth:options');

/** Metadata key of what a route asks for: `{ access, policy }`. */
export const COINFLOW_AUTH_METADATA: unique symbol = Symbol.for('nestjs-coinflow-auth:metadata');

/** Injection token of the function that creates the service of each instance; tests replace it. */
export const COINFLOW_AUTH_SERVICE_FACTORY: unique symbol = Symbol.for('nestjs-coinflow-auth:create-service');

const SERVICE = 'nestjs-coinflow-auth:service';

/** Injection token of the service of an instance, which the guard of any copy of the package finds. */
export function coinflowAuthServiceToken(name?: string): symbol {
  return Symbol.for(name === undefined ? SERVICE : `${SERVICE}:${name}`);
}

/** Whether an injection token is that of an instance's service. */
export function isCoinflowAuthServiceToken(token: unknown): token is symbol {
  return typeof token === 'symbol' && (Symbol.keyFor(token)?.startsWith(SERVICE) ?? false);
}
