import { createInstance, obtainSessions, type BenchInstance } from '../sessions/remembered-sessions.js';

/** An instance with so many cached sessions, and some of their keys, evenly spread among them. */
export interface RememberedKeys extends Pick<BenchInstance, 'authenticator'> {
  readonly sessions: number;
  readonly keys: readonly string[];
  /** The attested forms of the keys; none where the library has no such thing. */
  readonly attestedKeys: readonly string[];
}

export async function rememberKeys(sessions: number, sample: number): Promise<RememberedKeys> {
  const { service, authenticator } = await createInstance(sessions);
  const keys: string[] = [];
  const attestedKeys: string[] = [];
  const every = sessions / sample;
  await obtainSessions(service, 0, sessions, (session, index) => {
    if (index % every !== 0) return;
    keys.push(session.key);
    // Not in every version, so not in the types.
    const attestedKey: unknown = Reflect.get(session, 'attestedKey');
    if (typeof attestedKey === 'string') attestedKeys.push(attestedKey);
  });
  return { authenticator, sessions, keys, attestedKeys };
}
