import type { EmulatorWebhookVersion } from './sample-data.js';

/** Where webhooks go. */
export interface EmulatorWebhookEndpoint {
  readonly id: string;
  /** On this machine. */
  readonly url: string;
  /** The Webhook Validation Key, as the merchant's application has it. */
  readonly key: string;
  /** Whether the key itself goes along in `Authorization`, too; a merchant can switch that off. */
  readonly authorization: boolean;
  readonly version: EmulatorWebhookVersion;
}

/** What an endpoint is registered with. */
export interface EmulatorWebhookRegistration {
  /** On this machine: `http://127.0.0.1:3000/webhooks/coinflow`, say. */
  url: string;
  /** @default a random one */
  key?: string;
  /** @default true */
  authorization?: boolean;
  /** @default 3 */
  version?: EmulatorWebhookVersion;
}

/** An event to send. */
export interface EmulatorWebhookEvent {
  /** A documented type, or any other text. */
  eventType: string;
  /** @default that of the type */
  category?: string;
  /** @default now, by the emulator's clock */
  created?: string;
  /** Over the fields of a sample of the type: a value replaces or adds one, `null` stays `null`. */
  data?: Record<string, unknown>;
}

/** What is done to a body after it was signed. */
export type EmulatorWebhookTampering = (typeof TAMPERINGS)[number];

export const TAMPERINGS = ['none', 'tampered', 'reserialized'] as const;

/** How an event is sent. Coinflow does not say what a retry looks like; a merchant must live with each. */
export interface EmulatorWebhookSending {
  /** The `id` of the endpoint. @default every one that is registered */
  endpoint?: string;
  /** Whether a retry is signed anew, with a new `t`. @default true */
  signAgain?: boolean;
  /** Whether a retry has a new `created`. @default false */
  newCreated?: boolean;
  /** How often the event is sent at the same time. @default 1 */
  copies?: number;
  /** Signs with this key instead of the endpoint's. */
  key?: string;
  /** Whether there is a signature at all. @default true */
  sign?: boolean;
  /** How long before now it was signed, in milliseconds; negative is in the future. @default 0 */
  signedAgoMs?: number;
  /** @default 'none' */
  tampering?: EmulatorWebhookTampering;
  /** How often it is sent, until the answer is 200. Coinflow goes on for 36 hours. @default 20 */
  attempts?: number;
  /** Before the first retry; each later one waits twice as long, up to 40 times this. @default 50 */
  retryAfterMs?: number;
  /** For how long an answer is waited for; Coinflow waits five seconds. @default 5_000 */
  timeoutMs?: number;
}

/** In which order several events are sent. */
export type EmulatorWebhookOrder = (typeof ORDERS)[number];

export const ORDERS = ['given', 'reversed', 'shuffled'] as const;

/** One time that an event was sent. */
export interface EmulatorWebhookAttempt {
  /** Counts from 1 for each event and endpoint. */
  readonly attempt: number;
  /** Counts from 1 among the copies that were sent at the same time. */
  readonly copy: number;
  readonly url: string;
  readonly eventType: string;
  /** When, by the emulator's clock. */
  readonly at: string;
  /** The signed `t`, in Unix seconds; `null` without a signature. */
  readonly signedAt: number | null;
  /** Exactly what was sent. */
  readonly body: string;
  /** Of the answer; `undefined` if there was none. */
  readonly status: number | undefined;
  /** Why there was none. */
  readonly error: string | undefined;
  readonly durationMs: number;
}

/** How the sending of an event to an endpoint ended. */
export interface EmulatorWebhookResult {
  readonly url: string;
  /** Whether every copy was answered 200 in the end. */
  readonly acknowledged: boolean;
  readonly attempts: readonly EmulatorWebhookAttempt[];
}
