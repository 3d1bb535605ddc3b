import type { CoinflowSubject } from 'nestjs-coinflow-auth';
import { isObject } from '../api/shapes.js';

export function isSubject(value: unknown): value is CoinflowSubject {
  if (!isObject(value)) return false;
  if (value.kind === 'user') return typeof value.userId === 'string';
  return value.kind === 'wallet' && typeof value.wallet === 'string' && typeof value.blockchain === 'string';
}
