import type { CoinflowAuthMetrics, CoinflowSubject } from 'nestjs-coinflow-auth';
import type { DemoDecision, DemoDelivery, DemoState, EmulatorSettings } from '../../../backend/demo-api.js';

export interface SessionKeys {
  /** For Coinflow. */
  readonly key: string;
  /** For this API. */
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

/** @returns `undefined` if the body has no string with this name */
export function stringIn(body: unknown, name: string): string | undefined {
  const value = isObject(body) ? body[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

export function sessionKeysIn(body: unknown): SessionKeys | undefined {
  const key = stringIn(body, 'key');
  const expiresAt = stringIn(body, 'expiresAt');
  if (!key) return undefined;
  return { key, attestedKey: stringIn(body, 'attestedKey'), expiresAt: expiresAt ? new Date(expiresAt) : undefined };
}

export function balanceIn(body: unknown): Balance | undefined {
  return readBalance(isObject(body) ? body.balance : undefined);
}

export function readBalance(balance: unknown): Balance | undefined {
  if (!isObject(balance) || typeof balance.cents !== 'number' || typeof balance.currency !== 'string') return undefined;
  return { cents: balance.cents, currency: balance.currency };
}

export function isSubject(value: unknown): value is CoinflowSubject {
  if (!isObject(value)) return false;
  if (value.kind === 'user') return typeof value.userId === 'string';
  return value.kind === 'wallet' && typeof value.wallet === 'string' && typeof value.blockchain === 'string';
}

// The guards below distinguish the types of demo-api.ts from other content, such as the error page of a proxy. They do
// not check every field.

export function isDemoState(value: unknown): value is DemoState {
  return isObject(value) && typeof value.merchantId === 'string' && Array.isArray(value.users);
}

export function isEmulatorSettings(value: unknown): value is EmulatorSettings {
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
