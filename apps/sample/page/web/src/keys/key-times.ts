import { isObject } from '../api/shapes.js';
import { decodeJson } from './base64url.js';

export interface KeyTimes {
  readonly issuedAtMs: number | undefined;
  readonly expiresAtMs: number | undefined;
}

/** From when until when a session key says that it is good. */
export function timesOf(key: string): KeyTimes {
  const claims = decodeJson(key.split('.')[1] ?? '');
  if (!isObject(claims)) return { issuedAtMs: undefined, expiresAtMs: undefined };
  return { issuedAtMs: toMs(claims.iat), expiresAtMs: toMs(claims.exp) };
}

function toMs(seconds: unknown): number | undefined {
  return typeof seconds === 'number' ? seconds * 1_000 : undefined;
}
