import { sessionKeyId } from '../cache/cached-session.js';
import { CoinflowInvalidArgumentError } from '../errors/coinflow-auth.errors.js';
import { SESSION_KEY_HEADER } from '../extraction/session-key-extractor.js';
import { subjectHeaders } from '../http/coinflow-client.js';
import {
  checkSignedWallet,
  checkSubject,
  namesIn,
  type SessionKeySubject,
  type SignedWallet,
} from '../issuance/subject-arguments.js';
import { isSession, type CoinflowSession } from '../session/coinflow-session.js';
import { subjectName } from '../session/subject.js';
import type { DocumentedCredential } from './operations.js';

/**
 * The credentials of a call. A session: its session key. `{ userId }`: the API key, for this user. `{ wallet, blockchain }`: the API
 * key, for this wallet. `{ signedWallet }`: the wallet's signature, without the API key. `'merchant'`: the API key. `'none'`: nothing.
 * A session and `'merchant'` together: both keys.
 *
 * The API key vouches for a user or wallet, so take them from your own login, never from a body or query.
 */
export type CoinflowApiAuth =
  | CoinflowSession
  | SessionKeySubject
  | { signedWallet: SignedWallet }
  | 'merchant'
  | 'none'
  | readonly [CoinflowSession, 'merchant']
  | readonly ['merchant', CoinflowSession];

/** The kinds of credentials that a call can send. */
type CredentialKind = DocumentedCredential | 'signed-wallet';

const NAMES: Readonly<Record<CredentialKind, string>> = {
  session: 'a session key',
  user: 'the API key with a user id',
  wallet: 'the API key with a wallet',
  'signed-wallet': "a wallet's signature",
  merchant: 'the API key alone',
  'session+merchant': 'a session key together with the API key',
  none: 'no credentials',
};

const DOCUMENTED_NAMES: Readonly<Record<DocumentedCredential, string>> = {
  ...NAMES,
  wallet: "a wallet, with the API key or with the wallet's signature",
};

const AUTH_RULE =
  "must be a CoinflowSession, { userId }, { wallet, blockchain }, { signedWallet }, 'merchant', 'none', or [session, 'merchant']";

/** What a call sends to authenticate itself. */
export interface CallCredentials {
  readonly kind: CredentialKind;
  readonly headers: Readonly<Record<string, string>>;
  /** The values among the headers that are secret. */
  readonly secrets: readonly string[];
  readonly hasApiKey: boolean;
  readonly session: CoinflowSession | undefined;
  /** The user or wallet for which the call is made; `undefined` if it is for none. */
  readonly subject: string | undefined;
}

/**
 * Reads the option `auth`.
 * @param merchantId of this application
 * @throws {@link CoinflowInvalidArgumentError} for anything else than the documented forms, and for a session of another merchant
 */
export function readCredentials(auth: unknown, merchantId: string): CallCredentials {
  if (auth === 'none' || auth === 'merchant') {
    return { ...NOTHING, kind: auth, hasApiKey: auth === 'merchant' };
  }
  if (Array.isArray(auth)) {
    const session: unknown = auth.find((one) => one !== 'merchant');
    if (auth.length !== 2 || !auth.includes('merchant') || !isSession(session)) throw invalidAuth();
    return { ...ofSession(session, merchantId), kind: 'session+merchant', hasApiKey: true };
  }
  if (isSession(auth)) return ofSession(auth, merchantId);
  if (typeof auth !== 'object' || auth === null) throw invalidAuth();
  // A field that is inherited is not the caller's.
  const names = [...namesIn(auth)];
  if (!names.every((name) => Object.hasOwn(auth, name))) throw invalidAuth();
  return names.includes('signedWallet') ? ofSignedWallet(auth) : ofSubject(auth);
}

/** Whether these are the credentials that Coinflow documents. */
export function isDocumented({ kind }: CallCredentials, documented: DocumentedCredential): boolean {
  return kind === documented || (kind === 'signed-wallet' && documented === 'wallet');
}

/** For messages: what was sent, and what is documented. */
export function describeCredentials({ kind }: CallCredentials, documented: DocumentedCredential | undefined): string {
  const sent = `It was sent with ${NAMES[kind]}`;
  return documented === undefined
    ? `${sent}; Coinflow does not document this operation`
    : `${sent}; Coinflow documents ${DOCUMENTED_NAMES[documented]}`;
}

const NOTHING = { headers: {}, secrets: [], session: undefined, subject: undefined } as const;

function ofSession(session: CoinflowSession, merchantId: string): CallCredentials {
  const { key, subject } = session;
  if (session.merchantId !== undefined && session.merchantId !== merchantId) {
    throw new CoinflowInvalidArgumentError(
      'auth',
      'must be a session of this merchant: of this instance of the module',
    );
  }
  return {
    kind: 'session',
    // The key itself. Coinflow does not know the tag of an attested key.
    headers: { [SESSION_KEY_HEADER]: key },
    secrets: [key],
    hasApiKey: false,
    session,
    subject: subject ? subjectName(subject) : sessionKeyId(key),
  };
}

function ofSubject(auth: object): CallCredentials {
  const { subject } = checkSubject(auth as SessionKeySubject);
  const kind = subject.kind;
  return { ...NOTHING, kind, headers: subjectHeaders(subject), hasApiKey: true, subject: subjectName(subject) };
}

function ofSignedWallet(auth: { signedWallet?: unknown }): CallCredentials {
  const given = [...namesIn(auth.signedWallet)];
  const isExact = namesIn(auth).size === 1 && given.every((name) => SIGNED_WALLET_FIELDS.includes(name));
  if (!isExact) throw new CoinflowInvalidArgumentError('signedWallet', SIGNED_WALLET_RULE);
  const { subject, signedMessage } = checkSignedWallet(auth.signedWallet as SignedWallet);
  return {
    ...NOTHING,
    kind: 'signed-wallet',
    headers: { ...subjectHeaders(subject), 'x-coinflow-auth-signed-message': signedMessage },
    secrets: [signedMessage],
    hasApiKey: false,
    subject: subjectName(subject),
  };
}

const SIGNED_WALLET_FIELDS = ['wallet', 'blockchain', 'signedMessage'];
const SIGNED_WALLET_RULE = `must have ${SIGNED_WALLET_FIELDS.join(', ')} and no other property, and no credentials beside it`;

function invalidAuth(): CoinflowInvalidArgumentError {
  return new CoinflowInvalidArgumentError('auth', AUTH_RULE);
}
