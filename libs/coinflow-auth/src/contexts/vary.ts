import type { SessionKeyExtractor } from '../extraction/session-key-extractor.js';
import type { ResponseWithHeaders } from './http-exception.js';

/** The request headers on which an answer depends that the guard lets through or refuses, as `Vary` names them. */
export function varyOf({ headers = ['*'] }: SessionKeyExtractor): string {
  return headers.join(', ');
}

/** Adds to the `Vary` of a response. A shared cache could otherwise give one user's answer to another. */
export function appendVary(response: ResponseWithHeaders, vary: string): void {
  const existing = response.getHeader('Vary');
  if (!existing) {
    response.header('Vary', vary);
    return;
  }
  const present = namesIn(String(existing).toLowerCase());
  if (present.includes('*')) return;
  const missing = namesIn(vary).filter((name) => !present.includes(name.toLowerCase()));
  if (missing.length > 0) response.header('Vary', `${String(existing)}, ${missing.join(', ')}`);
}

function namesIn(vary: string): string[] {
  return vary.split(',').map((name) => name.trim());
}
