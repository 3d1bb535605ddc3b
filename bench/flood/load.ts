import { setTimeout as delay } from 'node:timers/promises';
import type { Merchant } from './merchant.js';

const ADDRESSES = 50;
const TICK_MS = 10;

export interface Load {
  readonly requestsPerSecond: number;
  readonly durationMs: number;
  /** Returns the key of the next request; `undefined` for none. */
  readonly nextKey: () => string | undefined;
}

/** Sends requests at a constant rate from all addresses in turn. @returns the number of responses by status */
export async function sendEvenly(merchant: Merchant, load: Load): Promise<Map<number, number>> {
  const { requestsPerSecond, durationMs, nextKey } = load;
  const statuses = new Map<number, number>();
  const send = async (address: string): Promise<void> => {
    const { status } = await merchant.me(nextKey(), address);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  };
  const began = performance.now();
  const pending: Promise<void>[] = [];
  for (;;) {
    const elapsed = Math.min(performance.now() - began, durationMs);
    const due = Math.round((elapsed / 1_000) * requestsPerSecond);
    while (pending.length < due) pending.push(send(`203.0.113.${pending.length % ADDRESSES}`));
    if (elapsed >= durationMs) break;
    await delay(TICK_MS);
  }
  await Promise.all(pending);
  return statuses;
}

/** Repeats an action with short pauses until a promise settles. */
export async function meanwhile<T>(other: Promise<T>, act: () => Promise<void>): Promise<T> {
  let isOver = false;
  const acting = (async () => {
    while (!isOver) {
      await act();
      await delay(TICK_MS);
    }
  })();
  try {
    return await other;
  } finally {
    isOver = true;
    await acting;
  }
}
