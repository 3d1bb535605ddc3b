import { IsOptional, ValidateIf } from 'class-validator';
import { HEADER_VALUE_RULE, isHeaderValue } from '../util/header-value.js';
import { Rule, Whole, hasMethods } from './value-rules.js';
import { DELIVERY_MEMORY_MS, WEBHOOK_PROOFS } from './webhook-options.js';

const DELIVERY_STORE_METHODS = ['claim', 'renew', 'complete', 'release', 'forget'];

const WebhookKeys = (): PropertyDecorator =>
  Rule(
    'webhookKeys',
    (value) => {
      if (typeof value === 'function') return true;
      const keys: unknown[] = Array.isArray(value) ? value : [value];
      return keys.length > 0 && keys.every((key) => isHeaderValue(key));
    },
    `${HEADER_VALUE_RULE}, or a list of such keys, or a function that gives them`,
  );

const WebhookProofs = (): PropertyDecorator =>
  Rule(
    'webhookProofs',
    (value) =>
      Array.isArray(value) &&
      value.includes('signature') &&
      value.every((proof) => WEBHOOK_PROOFS.some((known) => known === proof)),
    "must be ['signature'] or ['signature', 'authorization']",
  );

const Deliveries = (): PropertyDecorator =>
  Rule(
    'deliveryStore',
    (value) => value === false || hasMethods(value, DELIVERY_STORE_METHODS),
    `must be redisDeliveryStore(), false, or have the methods ${DELIVERY_STORE_METHODS.join(', ')}`,
  );

const AcceptMerchant = (): PropertyDecorator =>
  Rule('acceptMerchant', (value) => typeof value === 'function', 'must be a function');

const Consumer = (): PropertyDecorator =>
  Rule(
    'consumer',
    (value) => isHeaderValue(value),
    'must name the application that handles these webhooks in 1 to 256 visible ASCII characters, and is required where webhook.deliveries is a store',
  );

/** What the options of webhooks may be. */
export class WebhookShape {
  @WebhookKeys()
  keys?: unknown;

  @IsOptional()
  @WebhookProofs()
  proofs?: unknown;

  @IsOptional()
  @Whole(1, DELIVERY_MEMORY_MS)
  toleranceMs?: unknown;

  @IsOptional()
  @AcceptMerchant()
  acceptMerchant?: unknown;

  @ValidateIf(
    ({ consumer, deliveries }: WebhookShape) => isGiven(consumer) || (isGiven(deliveries) && deliveries !== false),
  )
  @Consumer()
  consumer?: unknown;

  @IsOptional()
  @Deliveries()
  deliveries?: unknown;

  @IsOptional()
  @Whole(0, 600_000)
  shutdownTimeoutMs?: unknown;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
