import { effect, signal } from '@preact/signals';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { readBalance } from '../api/type-guards.js';
import { balance, preferredKey, session } from './session.js';

/** After the end of a stream. The next response shows whether the session has ended. */
const RECONNECT_MS = 100;
const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 10_000;

/** `ended`: the session has expired or is revoked, so that the stream is not opened again. */
export type BalanceStream = 'off' | 'connecting' | 'live' | 'ended';

export const balanceStream = signal<BalanceStream>('off');

/** Streams the balance of the logged-in user while the page is open. */
export function followBalance(): void {
  effect(() => {
    const current = session.value;
    const closing = new AbortController();
    if (current) void stream(preferredKey(current), closing.signal);
    else balanceStream.value = 'off';
    return () => closing.abort();
  });
}

/** Connects again after a lost connection, until the key is rejected. */
async function stream(sessionKey: string, signal: AbortSignal): Promise<void> {
  let waitMs = FIRST_WAIT_MS;
  while (!signal.aborted) {
    balanceStream.value = 'connecting';
    const outcome = await receive(sessionKey, signal).catch(() => 'lost' as const);
    if (signal.aborted) return;
    if (outcome === 'rejected') {
      balanceStream.value = 'ended';
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, outcome === 'ended' ? RECONNECT_MS : waitMs));
    waitMs = outcome === 'ended' ? FIRST_WAIT_MS : Math.min(waitMs * 2, MAX_WAIT_MS);
  }
}

/** With `fetch()`: an `EventSource` cannot send the session key in a header. */
async function receive(sessionKey: string, signal: AbortSignal): Promise<'rejected' | 'lost' | 'ended'> {
  const headers = { accept: 'text/event-stream', 'x-coinflow-auth-session-key': sessionKey };
  const { status, body } = await fetch('/me/balance', { headers, cache: 'no-store', signal });
  if (status === 401 || status === 403) return 'rejected';
  if (status !== 200 || !body) return 'lost';
  const events = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream()).getReader();
  for (let next = await events.read(); !next.done; next = await events.read()) {
    const latest = next.value.event === 'balance' ? readBalance(JSON.parse(next.value.data)) : undefined;
    if (!latest) continue;
    balanceStream.value = 'live';
    balance.value = latest;
  }
  return 'ended';
}
