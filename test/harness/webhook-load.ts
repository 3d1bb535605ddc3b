import { setTimeout as delay } from 'node:timers/promises';
import { signWebhook } from 'nestjs-coinflow-auth';
import { send } from './send.js';
import { now } from './webhook-runs.js';
import { WEBHOOK_KEY } from './webhooks.js';

/** As long as Coinflow waits. */
const WAIT_MS = 5_000;
const RETRY_AFTER_MS = 200;
/** When an event counts as lost. */
const GIVE_UP_MS = 60_000;

/** What a replica answered a delivery. */
export interface DeliveryAnswer {
  readonly group: string;
  readonly event: string;
  readonly replica: number;
  /** 0 where there was no answer within the five seconds for which Coinflow waits. */
  readonly status: number;
  readonly code: string | undefined;
  readonly at: number;
}

/** Sends events as Coinflow does, to one replica after the other, but sooner again. */
export class WebhookLoad {
  readonly answers: DeliveryAnswer[] = [];

  /** @param urls of the replicas */
  constructor(private readonly urls: readonly string[]) {}

  #isStopped = false;

  /** Ends what is not acknowledged yet: for a test that has failed. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Sends an event until a replica acknowledges it. */
  async deliver(event: string, body: string, group: string, firstReplica: number): Promise<void> {
    const giveUpAt = now() + GIVE_UP_MS;
    for (let attempt = 0; now() < giveUpAt && !this.#isStopped; attempt += 1) {
      const replica = (firstReplica + attempt) % this.urls.length;
      const { status, code } = await this.send(body, group, replica);
      this.answers.push({ group, event, replica, status, code, at: now() });
      if (status === 200) return;
      await delay(RETRY_AFTER_MS);
    }
    if (!this.#isStopped) throw new Error(`${event} was not acknowledged by ${group}`);
  }

  /** Sends an event once. */
  async send(body: string, group: string, replica: number): Promise<{ status: number; code: string | undefined }> {
    const headers = {
      'content-type': 'application/json',
      'coinflow-signature': signWebhook({ rawBody: body, keys: WEBHOOK_KEY }),
    };
    const signal = AbortSignal.timeout(WAIT_MS);
    try {
      const url = `${this.urls[replica]}/webhooks/${group}`;
      const answer = await send(url, { method: 'POST', headers, raw: body, signal });
      return { status: answer.status, code: (answer.body as { code?: string } | undefined)?.code };
    } catch (error) {
      if (!signal.aborted) throw error;
      return { status: 0, code: undefined };
    }
  }
}
