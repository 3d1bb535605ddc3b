import { ask, type Answer } from '../api/answer.js';
import { sample } from '../api/sample.js';
import { textIn } from '../api/shapes.js';
import { forge, makeUpKey } from '../keys/made-up-keys.js';
import { revokedKey, session, type Session } from '../session/session.js';

export type KeyKind = 'attested' | 'plain' | 'none' | 'forged' | 'foreign' | 'expired' | 'revoked';

export interface KeyKindText {
  readonly name: string;
  readonly about: string;
}

export const KEY_KINDS: Readonly<Record<KeyKind, KeyKindText>> = {
  attested: {
    name: 'Yours, attested',
    about:
      'For this API. The process that obtained it remembers it; any other, and after a restart, knows it by its tag.',
  },
  plain: {
    name: 'Yours, plain',
    about: 'For Coinflow’s widgets. This API takes it, too; a process that does not remember it asks Coinflow once.',
  },
  none: { name: 'None', about: 'No key at all.' },
  forged: { name: 'Forged', about: 'Says the right things, with a signature made up in this tab.' },
  foreign: { name: 'Another merchant’s', about: 'Coinflow calls it valid. It is not for this merchant.' },
  expired: { name: 'Expired', about: 'It was good once.' },
  revoked: { name: 'Revoked', about: 'Yours, after you have logged out.' },
};

export const KEY_KIND_ORDER: readonly KeyKind[] = [
  'attested',
  'plain',
  'none',
  'forged',
  'foreign',
  'expired',
  'revoked',
];

/** Made once for each merchant: the same forged key again is what memory refuses. */
const made = new Map<KeyKind, string>();

/** Why a kind of key cannot be sent now; `undefined` if it can. */
export function whyNot(kind: KeyKind, current: Session | undefined, revoked: string | undefined): string | undefined {
  if ((kind === 'attested' || kind === 'plain') && !current) return 'Log in first.';
  if (kind === 'attested' && !current?.keys.attestedKey) return 'This merchant has no sealKeys: there is none.';
  if (kind === 'revoked' && !revoked) return 'Log out, or revoke your key, first.';
  return undefined;
}

export interface FoundKey {
  readonly sessionKey: string | undefined;
  /** What kept the key from being obtained. */
  readonly failure: Answer | undefined;
}

/** The key to send; obtained from the emulator where only Coinflow can sign it. */
export async function keyOf(kind: KeyKind): Promise<FoundKey> {
  const current = session.value;
  if (kind === 'none') return found(undefined);
  if (kind === 'attested') return found(current?.keys.attestedKey);
  if (kind === 'plain') return found(current?.keys.key);
  if (kind === 'revoked') return found(revokedKey.value);
  return obtainMade(kind);
}

async function obtainMade(kind: 'forged' | 'foreign' | 'expired'): Promise<FoundKey> {
  const known = made.get(kind);
  if (known) return found(known);
  const answer = kind === 'forged' || !sample.value?.coinflow ? undefined : await askForKey(kind);
  const key = answer ? textIn(answer.body, 'key') : makeHere(kind);
  if (key === undefined) return { sessionKey: undefined, failure: answer };
  made.set(kind, key);
  return found(key);
}

function askForKey(kind: 'foreign' | 'expired'): Promise<Answer> {
  return ask('/demo/keys', { method: 'POST', body: { kind } });
}

/** What is refused for what it says is refused whoever has signed it. */
function makeHere(kind: 'forged' | 'foreign' | 'expired'): string {
  const merchantId = sample.value?.merchantId ?? '';
  const now = Math.floor(Date.now() / 1_000);
  const claims = { merchantId, userId: 'mallory', issuedAt: now };
  if (kind === 'foreign') return makeUpKey({ ...claims, merchantId: `not-${merchantId}` });
  if (kind === 'expired') return makeUpKey({ ...claims, issuedAt: now - 90_000, expiresAt: now - 3_600 });
  return session.value ? forge(session.value.keys.key) : makeUpKey(claims);
}

function found(sessionKey: string | undefined): FoundKey {
  return { sessionKey, failure: undefined };
}
