import type { EmulatorWebhookVersion } from './sample-data.js';

/** A registered webhook endpoint. */
export interface EmulatorWebhookEndpoint {
  readonly id: string;
  /** A URL of this machine. */
  readonly url: string;
  /** The Webhook Validation Key of the merchant. */
  readonly key: string;
  /** Whether `Authorization` carries the key. Merchants can switch this off. */
  readonly authorization: boolean;
  readonly version: EmulatorWebhookVersion;
}

/** The options of `registerWebhook()`. */
export interface EmulatorWebhookRegistration {
  /** A URL of this machine, such as `http://127.0.0.1:3000/webhooks/coinflow`. */
  url: string;
  /** @default a random key */
  key?: string;
  /** @default true */
  authorization?: boolean;
  /** @default 3 */
  version?: EmulatorWebhookVersion;
}

/** An event to send. */
export interface EmulatorWebhookEvent {
  /** A documented type or any other string. */
  eventType: string;
  /** @default the category of the type */
  category?: string;
  /** @default now, by the emulator's clock */
  created?: string;
  /** Changes to the sample data of the type: a value replaces or adds a field, `null` stays `null`. */
  data?: Record<string, unknown>;
}

/** A change of the body after it was signed. */
export type EmulatorWebhookTampering = (typeof TAMPERINGS)[number];

export const TAMPERINGS = ['none', 'tampered', 'reserialized'] as const;

/** How an event is sent. Coinflow does not document what a retry looks like, so a merchant must handle each form. */
export interface EmulatorWebhookSending {
  /** The `id` of the endpoint. @default all registered endpoints */
  endpoint?: string;
  /** Whether a retry has a new signature with a new `t`. @default true */
  signAgain?: boolean;
  /** Whether a retry has a new `created`. @default false */
  newCreated?: boolean;
  /** The number of copies that are sent at the same time. @default 1 */
  copies?: number;
  /** Signs with this key instead of the key of the endpoint. */
  key?: string;
  /** Whether the message is signed. @default true */
  sign?: boolean;
  /** The age of the signature in milliseconds; negative is in the future. @default 0 */
  signedAgoMs?: number;
  /** @default 'none' */
  tampering?: EmulatorWebhookTampering;
  /** The maximum number of attempts. Coinflow retries for 36 hours. @default 20 */
  attempts?: number;
  /** The wait before the first retry. It doubles up to 40 times this value. @default 50 */
  retryAfterMs?: number;
  /** The timeout of an attempt. Coinflow waits five seconds. @default 5_000 */
  timeoutMs?: number;
}

/** The order in which several events are sent. */
export type EmulatorWebhookOrder = (typeof ORDERS)[number];

export const ORDERS = ['given', 'reversed', 'shuffled'] as const;

/** One delivery attempt. */
export interface EmulatorWebhookAttempt {
  /** Counts from 1 for each event and endpoint. */
  readonly attempt: number;
  /** Counts from 1 among the copies that were sent at the same time. */
  readonly copy: number;
  readonly url: string;
  readonly eventType: string;
  /** The time by the emulator's clock. */
  readonly at: string;
  /** The signed `t`, in Unix seconds; `null` without a signature. */
  readonly signedAt: number | null;
  /** The body exactly as it was sent. */
  readonly body: string;
  /** The status of the response; `undefined` without a response. */
  readonly status: number | undefined;
  /** Why there was no response. */
  readonly error: string | undefined;
  readonly durationMs: number;
}

/** The result of an event for one endpoint. */
export interface EmulatorWebhookResult {
  readonly url: string;
  /** Whether every copy got a 200 in the end. */
  readonly acknowledged: boolean;
  readonly attempts: readonly EmulatorWebhookAttempt[];
}
