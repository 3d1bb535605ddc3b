import { createHash } from 'node:crypto';

/**
 * What two deliveries share only if their bodies are equal, byte for byte. No field of the data would do: two events can
 * agree in type, id and `created`, and the second would be lost. A retry whose body differs runs again instead.
 * @returns SHA-256 as 43 characters of base64url, whatever the body contains
 */
export function deliveryIdOf(rawBody: Uint8Array): string {
  return createHash('sha256').update(rawBody).digest('base64url');
}
