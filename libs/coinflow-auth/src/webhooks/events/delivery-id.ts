import { createHash } from 'node:crypto';

const DELIVERY_ID = /^[\w-]{43}$/;

/**
 * What two deliveries share only if their bodies are equal, byte for byte. No field of the data would do: two events can
 * agree in type, id and `created`, and the second would be lost. A retry whose body differs runs again instead.
 * @returns SHA-256 as 43 characters of base64url, whatever the body contains
 */
export function deliveryIdOf(rawBody: Uint8Array): string {
  return createHash('sha256').update(rawBody).digest('base64url');
}

export function isDeliveryId(value: unknown): value is string {
  return typeof value === 'string' && DELIVERY_ID.test(value);
}
