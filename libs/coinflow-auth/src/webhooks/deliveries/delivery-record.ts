import { createHash } from 'node:crypto';

/** The id of what a store remembers of a delivery: a hash, so that it says nothing of the event. */
export function recordIdOf(...parts: readonly (string | undefined)[]): string {
  return createHash('sha256')
    .update(JSON.stringify(parts.map((part) => part ?? null)))
    .digest('base64url');
}
