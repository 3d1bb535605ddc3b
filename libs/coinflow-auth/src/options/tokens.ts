// `Symbol.for`: two copies of the package in one process (an ESM and a CommonJS one, say) must mean the same thing.

/** Injection token of the options as the user gave them. */
export const COINFLOW_AUTH_MODULE_OPTIONS = Symbol.for('nestjs-coinflow-auth:module-options');
/** Injection token of the options, checked and complete. */
export const COINFLOW_AUTH_OPTIONS = Symbol.for('nestjs-coinflow-auth:options');
/** Injection token of the service, which the guard of any copy of the package finds. */
export const COINFLOW_AUTH_SERVICE = Symbol.for('nestjs-coinflow-auth:service');

/** Metadata key of what a route asks for: `{ access, policy }`. */
export const COINFLOW_AUTH_METADATA = Symbol.for('nestjs-coinflow-auth:metadata');
