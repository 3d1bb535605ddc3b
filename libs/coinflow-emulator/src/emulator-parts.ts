import { CallLog, type EmulatorCall } from './calls.js';
import { EmulatorClock } from './clock.js';
import type { CoinflowEmulatorOptions } from './emulator-options.js';
import { Faults } from './faults.js';
import { DEFAULT_MERCHANTS, Merchants } from './merchants.js';
import { Messages } from './messages.js';
import { Issuance, type EmulatorIssuance } from './issuance.js';
import { RateLimits, type EmulatorLimits } from './rate-limits.js';
import { Blocks, type BlockedCustomer, type EmulatorBlocking } from './operations/blocks.js';
import { CannedResponses } from './operations/canned-responses.js';
import { Challenges } from './operations/challenges.js';
import { Customers } from './operations/customers.js';
import { callerOf } from './operations/operation-credentials.js';
import { Payments, type EmulatorPayment } from './operations/payments.js';
import { Withdrawers } from './operations/withdrawers.js';
import { SessionKeys } from './session-keys.js';
import type { EmulatorWebhookAttempt, EmulatorWebhookEndpoint } from './webhooks/webhook-options.js';
import { Webhooks } from './webhooks/webhooks.js';

const SHOWN_CALLS = 100;

/** The state that the control API returns. It contains no secrets. */
export interface EmulatorState {
  merchants: string[];
  clock: { offsetMs: number; now: string };
  issuance: EmulatorIssuance;
  limits: EmulatorLimits;
  faults: Faults['summary'];
  responses: CannedResponses['summary'];
  blocking: EmulatorBlocking;
  blockedCustomers: readonly BlockedCustomer[];
  counts: CallLog['counts'];
  /** The newest 100. */
  calls: readonly EmulatorCall[];
  /** The newest 100 charges. */
  payments: readonly EmulatorPayment[];
  webhooks: {
    endpoints: Omit<EmulatorWebhookEndpoint, 'key'>[];
    /** The newest 100. */
    attempts: readonly EmulatorWebhookAttempt[];
  };
}

/** The parts of an emulator without its server. The library and the control API share them. */
export class EmulatorParts {
  readonly clock = new EmulatorClock();
  readonly faults = new Faults();
  readonly responses = new CannedResponses();
  readonly payments = new Payments();
  readonly challenges = new Challenges();
  readonly customers = new Customers();
  readonly withdrawers = new Withdrawers(this.clock);
  readonly blocks: Blocks;
  readonly keys: SessionKeys;
  readonly merchants: Merchants;
  readonly messages: Messages;
  readonly issuance: Issuance;
  readonly limits: RateLimits;
  readonly log: CallLog;
  readonly webhooks: Webhooks;

  constructor(options: CoinflowEmulatorOptions) {
    const { merchants = DEFAULT_MERCHANTS, issuance, limits, blocking, messageLifetimeMs } = options;
    this.blocks = new Blocks(blocking);
    this.keys = new SessionKeys(this.clock, undefined, (claims) => this.blocks.hasEnded(callerOf(claims)));
    this.merchants = new Merchants(merchants);
    this.messages = new Messages(this.clock, messageLifetimeMs);
    this.issuance = new Issuance(this.keys, this.clock, issuance);
    this.limits = new RateLimits(this.clock, limits);
    this.log = new CallLog(this.clock, (text) => this.#isSecret(text));
    this.webhooks = new Webhooks(this.clock, merchants[0]?.merchantId ?? 'no-merchant');
  }

  get state(): EmulatorState {
    return {
      merchants: this.merchants.ids,
      clock: { offsetMs: this.clock.offsetMs, now: new Date(this.clock.nowMs()).toISOString() },
      issuance: this.issuance.settings,
      limits: this.limits.settings,
      faults: this.faults.summary,
      responses: this.responses.summary,
      blocking: this.blocks.settings,
      blockedCustomers: this.blocks.all,
      counts: this.log.counts,
      calls: this.log.calls.slice(-SHOWN_CALLS),
      payments: this.payments.all.slice(-SHOWN_CALLS),
      webhooks: {
        endpoints: this.webhooks.endpoints.all.map(({ id, url, authorization, version }) => ({
          id,
          url,
          authorization,
          version,
        })),
        attempts: this.webhooks.log.slice(-SHOWN_CALLS),
      },
    };
  }

  /** Restores the initial state, except for session keys and webhook endpoints, which clients still use. */
  reset(): void {
    this.clock.setOffset(0);
    this.faults.clear();
    this.responses.clear();
    this.payments.clear();
    this.challenges.clear();
    this.customers.clear();
    this.withdrawers.clear();
    this.blocks.reset();
    this.messages.clear();
    this.issuance.reset();
    this.limits.reset();
    this.log.clear();
    this.webhooks.cancel();
  }

  #isSecret(text: string): boolean {
    const words = text.match(/[0-9a-f]{32}/g) ?? [];
    return (
      words.some((word) => this.keys.isOpaqueKey(word)) ||
      this.merchants.all.some(({ apiKey }) => text.includes(apiKey))
    );
  }
}
