import { CallLog, type EmulatorCall } from './calls.js';
import { EmulatorClock } from './clock.js';
import type { CoinflowEmulatorOptions } from './emulator-options.js';
import { Faults } from './faults.js';
import { DEFAULT_MERCHANTS, Merchants } from './merchants.js';
import { Messages } from './messages.js';
import { Issuance, type EmulatorIssuance } from './issuance.js';
import { RateLimits, type EmulatorLimits } from './rate-limits.js';
import { CannedResponses } from './operations/canned-responses.js';
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
  counts: CallLog['counts'];
  /** The newest 100. */
  calls: readonly EmulatorCall[];
  webhooks: {
    endpoints: Omit<EmulatorWebhookEndpoint, 'key'>[];
    /** The newest 100. */
    attempts: readonly EmulatorWebhookAttempt[];
  };
}

/** The parts of an emulator without its server. The library and the control API share them. */
export class EmulatorParts {
  readonly clock = new EmulatorClock();
  readonly keys = new SessionKeys(this.clock);
  readonly faults = new Faults();
  readonly responses = new CannedResponses();
  readonly merchants: Merchants;
  readonly messages: Messages;
  readonly issuance: Issuance;
  readonly limits: RateLimits;
  readonly log: CallLog;
  readonly webhooks: Webhooks;

  constructor({ merchants = DEFAULT_MERCHANTS, issuance, limits, messageLifetimeMs }: CoinflowEmulatorOptions) {
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
      counts: this.log.counts,
      calls: this.log.calls.slice(-SHOWN_CALLS),
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
