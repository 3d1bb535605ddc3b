import type { CoinflowAuthMetrics } from 'nestjs-coinflow-auth';
import type { DemoCoinflow, DemoDecision, DemoDelivery, DemoState } from '../../../backend/demo-api.js';

/** What a session is opened with: the plain key for Coinflow, the attested one for this API. */
export interface SessionKeys {
  readonly key: string;
  readonly attestedKey: string | undefined;
  readonly expiresAt: Date | undefined;
}

export interface Balance {
  readonly cents: number;
  readonly currency: string;
}

type Fields = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text among the fields of an answer; `undefined` if it has none there. */
export function textIn(body: unknown, name: string): string | undefined {
  const value = isObject(body) ? body[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

export function sessionKeysIn(body: unknown): SessionKeys | undefined {
  const key = textIn(body, 'key');
  const expiresAt = textIn(body, 'expiresAt');
  if (!key) return undefined;
  return { key, attestedKey: textIn(body, 'attestedKey'), expiresAt: expiresAt ? new Date(expiresAt) : undefined };
}

export function balanceIn(body: unknown): Balance | undefined {
  const balance = isObject(body) ? body.balance : undefined;
  if (!isObject(balance) || typeof balance.cents !== 'number' || typeof balance.currency !== 'string') return undefined;
  return { cents: balance.cents, currency: balance.currency };
}

// What the two sides have agreed on in demo-api.ts is told apart from something else, such as a proxy's page, and not
// looked at more closely.

export function isDemoState(value: unknown): value is DemoState {
  return isObject(value) && typeof value.merchantId === 'string' && Array.isArray(value.users);
}

export function isDemoCoinflow(value: unknown): value is DemoCoinflow {
  return isObject(value) && typeof value.condition === 'string' && typeof value.lifetimeSeconds === 'number';
}

export function isDelivery(value: unknown): value is DemoDelivery {
  return isObject(value) && Array.isArray(value.statuses);
}

export function isMetrics(value: unknown): value is CoinflowAuthMetrics {
  return isObject(value) && isObject(value.decisions) && isObject(value.upstream) && isObject(value.budget);
}

export function isDecisions(value: unknown): value is readonly DemoDecision[] {
  return Array.isArray(value) && value.every((one) => isObject(one) && typeof one.at === 'number');
}
