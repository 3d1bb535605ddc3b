import type { EmulatorParts } from '../emulator-parts.js';
import type { EmulatorResponse } from '../responses.js';
import { bodyChecker } from './body-schema.js';
import { jsonBody, type OperationCall } from './operation-call.js';
import type { OperationCaller } from './operation-credentials.js';

/** What blocking a user does. */
export interface EmulatorBlocking {
  /** Whether the session keys of a blocked user are rejected. It is not known whether Coinflow does that. */
  endsSessions: boolean;
}

/** A user whom a merchant has blocked. */
export interface BlockedCustomer {
  readonly merchantId: string;
  readonly customerId: string;
  readonly reason: string;
}

const NO_BLOCKING: EmulatorBlocking = { endsSessions: false };

/** The blocked users of all merchants. */
export class Blocks {
  readonly #initial: EmulatorBlocking;
  #settings: EmulatorBlocking;
  #blocked: readonly BlockedCustomer[] = [];

  constructor(initial: Partial<EmulatorBlocking> = {}) {
    this.#initial = { ...NO_BLOCKING, ...initial };
    this.#settings = this.#initial;
  }

  get all(): readonly BlockedCustomer[] {
    return this.#blocked;
  }

  get settings(): EmulatorBlocking {
    return { ...this.#settings };
  }

  set(settings: Partial<EmulatorBlocking>): void {
    this.#settings = { ...this.#initial, ...settings };
  }

  block(customer: BlockedCustomer): void {
    this.unblock(customer);
    this.#blocked = [...this.#blocked, customer];
  }

  unblock({ merchantId, customerId }: OperationCaller): void {
    this.#blocked = this.#blocked.filter((one) => one.merchantId !== merchantId || one.customerId !== customerId);
  }

  isBlocked({ merchantId, customerId }: OperationCaller): boolean {
    return this.#blocked.some((one) => one.merchantId === merchantId && one.customerId === customerId);
  }

  /** Whether a session has ended because its user is blocked. */
  hasEnded(session: OperationCaller): boolean {
    return this.#settings.endsSessions && this.isBlocked(session);
  }

  reset(): void {
    this.#settings = this.#initial;
    this.#blocked = [];
  }
}

const checkBody = bodyChecker<{ reason: string; status?: string }>({
  type: 'object',
  required: ['reason'],
  properties: { reason: { type: 'string' }, status: { enum: ['Functional', 'Blocked', 'Override'] } },
});

/** `PUT /merchant/blocked/{customerId}`. `Functional` and `Override` end the block. */
export function blockCustomer(call: OperationCall, { blocks }: EmulatorParts): EmulatorResponse {
  const { reason, status = 'Blocked' } = checkBody(jsonBody(call.body));
  const customer = { merchantId: call.caller.merchantId ?? '', customerId: call.params.customerId ?? '', reason };
  if (status === 'Blocked') blocks.block(customer);
  else blocks.unblock(customer);
  return { body: {} };
}
