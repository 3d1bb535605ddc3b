import { createInstance, createSessions, type BenchInstance } from '../sessions/cached-sessions.js';

/** An instance with cached sessions, and some of their keys, evenly distributed. */
export interface CachedKeys extends Pick<BenchInstance, 'authenticator'> {
  readonly sessions: number;
  readonly keys: readonly string[];
  /** The attested keys; empty in versions without attested keys. */
  readonly attestedKeys: readonly string[];
}

export async function cacheKeys(sessions: number, sample: number): Promise<CachedKeys> {
  const { service, authenticator } = await createInstance(sessions);
  const keys: string[] = [];
  const attestedKeys: string[] = [];
  const every = sessions / sample;
  await createSessions(service, 0, sessions, (session, index) => {
    if (index % every !== 0) return;
    keys.push(session.key);
    // Older versions have no attested keys, so the types are extended here.
    const attestedKey: unknown = Reflect.get(session, 'attestedKey');
    if (typeof attestedKey === 'string') attestedKeys.push(attestedKey);
  });
  return { authenticator, sessions, keys, attestedKeys };
}
