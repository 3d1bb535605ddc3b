import { randomUUID } from 'node:crypto';
import type { EmulatorClock } from '../clock.js';
import { httpError } from '../http-error.js';
import { requireOneOf } from '../validation.js';
import type { EmulatorParts } from '../emulator-parts.js';
import type { EmulatorResponse } from '../responses.js';
import type { OperationCall } from './operation-call.js';

export const VERIFICATIONS = ['approved', 'pending', 'partial-approval', 'rejected', 'expired'] as const;

/** A user who can withdraw. */
export interface EmulatorWithdrawer {
  /** The address of the wallet. */
  wallet: string;
  /** Whether the identity of the user is verified. Unless it is `approved`, `GET /withdraw` responds with 451. @default 'approved' */
  verification?: (typeof VERIFICATIONS)[number];
  /** @default the blockchain of the call */
  blockchain?: string;
  /** @default 'alice@example.com' */
  email?: string;
  /** @default 'US' */
  country?: string;
}

/** The withdrawers by wallet. */
export class Withdrawers {
  readonly #all = new Map<string, EmulatorWithdrawer & { id: string; createdAt: string }>();

  constructor(private readonly clock: EmulatorClock) {}

  /**
   * Creates a withdrawer, or changes the one of the wallet.
   * @throws `RangeError` for an unknown verification
   */
  set(withdrawer: EmulatorWithdrawer): void {
    requireOneOf('verification', withdrawer.verification ?? 'approved', VERIFICATIONS);
    const { id = randomUUID(), createdAt = new Date(this.clock.nowMs()).toISOString() } =
      this.#all.get(withdrawer.wallet) ?? {};
    this.#all.set(withdrawer.wallet, { ...withdrawer, id, createdAt });
  }

  find(wallet: string): (EmulatorWithdrawer & { id: string; createdAt: string }) | undefined {
    return this.#all.get(wallet);
  }

  clear(): void {
    this.#all.clear();
  }
}

/** `GET /withdraw`: 401 without a withdrawer, 451 until the identity is verified. */
export function getWithdrawer({ caller }: OperationCall, { withdrawers, merchants }: EmulatorParts): EmulatorResponse {
  const { customerId: wallet = '', merchantId = merchants.ids[0] } = caller;
  const found = withdrawers.find(wallet);
  if (!found) throw httpError(401, 'Withdrawer not found');
  const { id, createdAt, blockchain = caller.blockchain, email = 'alice@example.com', country = 'US' } = found;
  const verification = { reference: id, status: found.verification ?? 'approved', vendor: 'persona' };
  const withdrawer = {
    _id: id,
    wallet,
    blockchain,
    wallets: [{ wallet, blockchain }],
    email,
    availability: { status: 'Functional', reason: '', editor: '', updatedAt: createdAt },
    currency: 'USD',
    merchant: merchantId,
    verification,
    riskScoreOverride: false,
    country,
    createdAt,
  };
  if (verification.status !== 'approved') {
    const verificationLink = `https://verification.example/${id}`;
    return { status: 451, body: { verification, verificationLink, withdrawer } };
  }
  return { body: { withdrawer: { ...withdrawer, ...noAccounts() } } };
}

function noAccounts(): object {
  return {
    ...Object.fromEntries(['bankAccounts', 'cards', 'ibans', 'pixes', 'efts'].map((name) => [name, []])),
    p2cAvailable: false,
    applePayAvailable: false,
    bankCurrencyOptions: ['USD'],
    freeWithdrawSpeeds: [],
  };
}
