// `Symbol.for`: two copies of the package in one process must mean the same thing.

/** Metadata key of which events a method handles. */
export const COINFLOW_EVENT_HANDLER_METADATA: unique symbol = Symbol.for('nestjs-coinflow-auth:event-handler');
/** Metadata key of what a webhook route is told: `{ instance }`. */
export const COINFLOW_WEBHOOK_ROUTE_METADATA: unique symbol = Symbol.for('nestjs-coinflow-auth:webhook-route');

const WEBHOOKS = 'nestjs-coinflow-auth:webhooks';

/** Injection token of what receives the webhooks of an instance. */
export function coinflowWebhooksToken(name?: string): symbol {
  return Symbol.for(name === undefined ? WEBHOOKS : `${WEBHOOKS}:${name}`);
}

/** Which instance a token of {@link coinflowWebhooksToken} is of, in a list of one; an empty list for any other token. */
export function instanceOfWebhooksToken(token: unknown): [name: string | undefined] | [] {
  const key = typeof token === 'symbol' ? Symbol.keyFor(token) : undefined;
  if (key === WEBHOOKS) return [undefined];
  return key?.startsWith(`${WEBHOOKS}:`) ? [key.slice(WEBHOOKS.length + 1)] : [];
}
