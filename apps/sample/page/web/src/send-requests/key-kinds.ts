import { callApi, type ApiResponse } from '../api/call-api.js';
import { sample } from '../api/sample.js';
import { stringIn } from '../api/type-guards.js';
import { createForgedKey, withForgedSignature } from '../keys/session-keys.js';
import { revokedKey, session, type Session } from '../session/session.js';

export type KeyKind = 'attested' | 'plain' | 'none' | 'forged' | 'foreign' | 'expired' | 'revoked';

export interface KeyKindText {
  readonly name: string;
  readonly about: string;
}

export const KEY_KINDS: Readonly<Record<KeyKind, KeyKindText>> = {
  attested: {
    name: 'Attested',
    about: 'Your attested key. The replica that created it finds it in its cache; the others verify its attestation.',
  },
  plain: {
    name: 'Plain',
    about: 'Your key without the attestation. A replica that does not have it in its cache calls Coinflow once.',
  },
  none: { name: 'None', about: 'No session key.' },
  forged: { name: 'Forged', about: 'Valid claims with a random signature. Coinflow rejects it.' },
  foreign: { name: 'Other merchant', about: 'Signed by Coinflow for another merchant.' },
  expired: { name: 'Expired', about: 'Signed by Coinflow and expired.' },
  revoked: { name: 'Revoked', about: 'Your key after a logout.' },
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

/** Each invalid key is created once, so that the second request with it is a hit in the negative cache. */
const invalidKeys = new Map<KeyKind, string>();

/** Why a kind of key cannot be sent now; `undefined` if it can. */
export function blockedReason(
  kind: KeyKind,
  current: Session | undefined,
  revoked: string | undefined,
): string | undefined {
  if ((kind === 'attested' || kind === 'plain') && !current) return 'Log in first.';
  if (kind === 'attested' && !current?.keys.attestedKey) return 'There is no attested key: set sealKeys.';
  if (kind === 'revoked' && !revoked) return 'Log out or revoke your key first.';
  return undefined;
}

export interface FoundKey {
  readonly sessionKey: string | undefined;
  /** The response to the request for the key if it failed. */
  readonly failure: ApiResponse | undefined;
}

/** The key to send. The emulator creates the kinds that only Coinflow can sign. */
export async function keyFor(kind: KeyKind): Promise<FoundKey> {
  const current = session.value;
  if (kind === 'none') return found(undefined);
  if (kind === 'attested') return found(current?.keys.attestedKey);
  if (kind === 'plain') return found(current?.keys.key);
  if (kind === 'revoked') return found(revokedKey.value);
  return invalidKey(kind);
}

async function invalidKey(kind: 'forged' | 'foreign' | 'expired'): Promise<FoundKey> {
  const known = invalidKeys.get(kind);
  if (known) return found(known);
  const response = kind === 'forged' || !sample.value?.coinflow ? undefined : await requestKey(kind);
  const key = response ? stringIn(response.body, 'key') : createInvalidKey(kind);
  if (key === undefined) return { sessionKey: undefined, failure: response };
  invalidKeys.set(kind, key);
  return found(key);
}

function requestKey(kind: 'foreign' | 'expired'): Promise<ApiResponse> {
  return callApi('/demo/keys', { method: 'POST', body: { kind } });
}

/** Without the emulator a forged key does: the guard rejects these claims before it checks the signature. */
function createInvalidKey(kind: 'forged' | 'foreign' | 'expired'): string {
  const merchantId = sample.value?.merchantId ?? '';
  const now = Math.floor(Date.now() / 1_000);
  const claims = { merchantId, userId: 'mallory', issuedAt: now };
  if (kind === 'foreign') return createForgedKey({ ...claims, merchantId: `not-${merchantId}` });
  if (kind === 'expired') return createForgedKey({ ...claims, issuedAt: now - 90_000, expiresAt: now - 3_600 });
  return session.value ? withForgedSignature(session.value.keys.key) : createForgedKey(claims);
}

function found(sessionKey: string | undefined): FoundKey {
  return { sessionKey, failure: undefined };
}
