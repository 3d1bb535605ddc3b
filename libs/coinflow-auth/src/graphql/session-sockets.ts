import type { OnSessionEnd } from '../options/context-contracts.js';

/** A socket of `ws`, which graphql-ws uses. */
export interface SessionConnection {
  readonly readyState?: number;
  close(code: number, reason: string): void;
  once(event: 'close', listener: () => void): unknown;
}

/** As HTTP's 401: graphql-ws clients do not connect again by themselves after it. */
const UNAUTHENTICATED = 4401;
/** The `readyState` of a socket that emits no more events. */
const CLOSED = 3;

/** The watched sessions of each open socket: a socket has many subscriptions, and usually one session. */
const watches = new WeakMap<SessionConnection, Map<string, () => void>>();

/** Closes the socket when the session ends. The session is watched once for each socket, until the socket is closed. */
export function endConnection(connection: SessionConnection, onSessionEnd: OnSessionEnd, sessionId: string): void {
  if (connection.readyState === CLOSED) return;
  const stops = watches.get(connection) ?? watchesOf(connection);
  if (stops.has(sessionId)) return;
  // A session that has ended meanwhile calls back at once.
  stops.set(
    sessionId,
    onSessionEnd(({ code }) => connection.close(UNAUTHENTICATED, code)),
  );
}

function watchesOf(connection: SessionConnection): Map<string, () => void> {
  const stops = new Map<string, () => void>();
  watches.set(connection, stops);
  connection.once('close', () => {
    for (const stop of stops.values()) stop();
    watches.delete(connection);
  });
  return stops;
}
