import { describe, expect, it } from '@jest/globals';
import { CoinflowInvalidArgumentError } from '../errors/coinflow-auth.errors.js';
import { CoinflowSession } from '../session/coinflow-session.js';
import { describeCredentials, isDocumented, readCredentials } from './call-credentials.js';

const KEY = 'session-key';
const ETH = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
const WALLET = { wallet: ETH, blockchain: 'eth' } as const;
const SIGNED = { ...WALLET, signedMessage: '0xsigned' };
const WALLET_HEADERS = { 'x-coinflow-auth-wallet': ETH, 'x-coinflow-auth-blockchain': 'eth' };
const SESSION_HEADERS = { 'x-coinflow-auth-session-key': KEY };

const claims = {
  subject: { kind: 'user', userId: 'alice' },
  merchantId: 'ours',
  issuedAt: null,
  expiresAt: null,
} as const;
const session = new CoinflowSession(KEY, claims, { attest: (key) => `${key}~tag` });

const read = (auth: unknown): ReturnType<typeof readCredentials> => readCredentials(auth, 'ours');
const refusalOf = (auth: unknown): string => {
  try {
    read(auth);
  } catch (error) {
    if (error instanceof CoinflowInvalidArgumentError) return error.message;
    throw error;
  }
  throw new Error('It was accepted');
};

/** A value of any class: its fields, and what it inherits. */
const inheriting = (inherited: object, fields: object = {}): object =>
  Object.assign(Object.create(inherited) as object, fields);

describe('readCredentials', () => {
  it.each([
    ['a session', session, 'session', SESSION_HEADERS, [KEY], false, 'user:alice'],
    ['a user', { userId: 'alice' }, 'user', { 'x-coinflow-auth-user-id': 'alice' }, [], true, 'user:alice'],
    ['a wallet', WALLET, 'wallet', WALLET_HEADERS, [], true, `eth:${ETH.toLowerCase()}`],
    [
      'a signed wallet',
      { signedWallet: SIGNED },
      'signed-wallet',
      { ...WALLET_HEADERS, 'x-coinflow-auth-signed-message': '0xsigned' },
      ['0xsigned'],
      false,
      `eth:${ETH.toLowerCase()}`,
    ],
    ['the merchant', 'merchant', 'merchant', {}, [], true, undefined],
    ['none', 'none', 'none', {}, [], false, undefined],
    [
      'a session and the merchant',
      [session, 'merchant'],
      'session+merchant',
      SESSION_HEADERS,
      [KEY],
      true,
      'user:alice',
    ],
    [
      'the merchant and a session',
      ['merchant', session],
      'session+merchant',
      SESSION_HEADERS,
      [KEY],
      true,
      'user:alice',
    ],
  ])('reads %s as exactly its headers', (_, auth, kind, headers, secrets, hasApiKey, subject) => {
    const credentials = read(auth);
    expect(credentials.headers).toEqual(headers);
    expect(credentials).toMatchObject({ kind, secrets, hasApiKey });
    expect(credentials.session).toBe(kind.startsWith('session') ? session : undefined);
    if (subject === undefined) expect(credentials.subject).toBeUndefined();
    else expect(credentials.subject).toEqual(expect.any(String));
  });

  it('counts a session and a signed wallet for the same subject as other calls of that user', () => {
    expect(read(session).subject).toBe(read({ userId: 'alice' }).subject);
    expect(read({ signedWallet: SIGNED }).subject).toBe(read(WALLET).subject);
    expect(read(session).subject).not.toBe(read({ userId: 'bob' }).subject);
  });

  it('counts a session without a subject by its key, which it does not show', () => {
    const unbound = new CoinflowSession(KEY, { subject: null, merchantId: undefined, issuedAt: null, expiresAt: null });
    const { headers, subject } = read(unbound);
    expect(headers).toEqual(SESSION_HEADERS);
    expect(subject).toEqual(expect.any(String));
    expect(subject).not.toContain(KEY);
  });

  it('accepts a session of another copy of the package', () => {
    class OtherSession {
      readonly subject = claims.subject;
      readonly merchantId = 'ours';
      get key(): string {
        return KEY;
      }
      get [Symbol.for('nestjs-coinflow-auth:session')](): true {
        return true;
      }
    }
    expect(read(new OtherSession()).headers).toEqual(SESSION_HEADERS);
    expect(read([new OtherSession(), 'merchant']).headers).toEqual(SESSION_HEADERS);
  });

  it('rejects a session of another merchant, alone and with the API key', () => {
    const foreign = new CoinflowSession(KEY, { ...claims, merchantId: 'theirs' });
    for (const auth of [foreign, [foreign, 'merchant']]) {
      expect(refusalOf(auth)).toBe('auth must be a session of this merchant: of this instance of the module');
    }
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['another text', 'Merchant'],
    ['a session key', KEY],
    ['a number', 5],
    ['a boolean', true],
    ['a function', () => 'merchant'],
    ['an empty list', []],
    ['a list of a session', [session]],
    ['a list of the merchant', ['merchant']],
    ['two merchants', ['merchant', 'merchant']],
    ['two sessions', [session, session]],
    ['a third credential', [session, 'merchant', 'merchant']],
    ['a second credential that is undefined', [session, undefined]],
    ['a user with the merchant', [{ userId: 'alice' }, 'merchant']],
    ['a session with none', [session, 'none']],
    ['a list of lists', [[session, 'merchant']]],
    ['a session key with the merchant', [KEY, 'merchant']],
  ])('rejects %s as auth and names every form', (_, auth) => {
    expect(refusalOf(auth)).toMatch(/^auth must be a CoinflowSession, .*, or \[session, 'merchant'\]$/);
  });

  it.each<[string, unknown, string]>([
    ['no field', {}, 'userId'],
    ['an undefined user', { userId: undefined }, 'userId'],
    ['an empty user', { userId: '' }, 'userId'],
    ['a number as the user', { userId: 5 }, 'userId'],
    ['a list as the user', { userId: ['alice'] }, 'userId'],
    ['a user with a line break', { userId: 'alice\r\nauthorization: key' }, 'userId'],
    ['a user with whitespace', { userId: 'alice ' }, 'userId'],
    ['a user and a wallet', { userId: 'alice', wallet: ETH }, 'userId'],
    ['a user and an undefined wallet', { userId: 'alice', wallet: undefined }, 'userId'],
    ['a user and an undefined signed wallet', { userId: 'alice', signedWallet: undefined }, 'signedWallet'],
    ['an unknown field', { userId: 'alice', merchant: true }, 'subject'],
    ['an unknown field that is undefined', { userId: 'alice', other: undefined }, 'subject'],
    ['the subject of a session', session.subject, 'subject'],
    ['the spread of a session', { ...session }, 'userId'],
    ['a misspelled user', { userID: 'alice' }, 'userId'],
    ['no blockchain', { wallet: ETH }, 'blockchain'],
    ['an unknown blockchain', { ...WALLET, blockchain: 'bitcoin' }, 'blockchain'],
    ['no wallet', { blockchain: 'eth' }, 'wallet'],
    ['an invalid wallet', { ...WALLET, wallet: '0x1' }, 'wallet'],
    ['an unknown field of a wallet', { ...WALLET, session }, 'subject'],
    ['a signature outside of signedWallet', SIGNED, 'signedMessage'],
    ['an undefined signed wallet', { signedWallet: undefined }, 'blockchain'],
    ['an empty signed wallet', { signedWallet: {} }, 'blockchain'],
    ['a signed wallet without its signature', { signedWallet: WALLET }, 'signedMessage'],
    ['an undefined signature', { signedWallet: { ...SIGNED, signedMessage: undefined } }, 'signedMessage'],
    ['a signature with a line break', { signedWallet: { ...SIGNED, signedMessage: 'a\nb' } }, 'signedMessage'],
    ['an unknown field of a signed wallet', { signedWallet: { ...SIGNED, userId: 'alice' } }, 'signedWallet'],
    ['a list as the signed wallet', { signedWallet: [SIGNED] }, 'signedWallet'],
    ['a text as the signed wallet', { signedWallet: 'signed' }, 'signedWallet'],
    ['a signed wallet and a user', { signedWallet: SIGNED, userId: 'alice' }, 'signedWallet'],
    ['a signed wallet and an undefined user', { signedWallet: SIGNED, userId: undefined }, 'signedWallet'],
    ['an inherited user', inheriting({ userId: 'alice' }), 'auth'],
    ['an inherited second credential', inheriting(WALLET, { userId: 'alice' }), 'auth'],
    ['an inherited signed wallet', inheriting({ signedWallet: SIGNED }, { userId: 'a' }), 'auth'],
    ['an inherited field of a signed wallet', { signedWallet: inheriting({ userId: 'a' }, SIGNED) }, 'signedWallet'],
  ])('rejects %s and names the field', (_, auth, field) => {
    expect(refusalOf(auth)).toMatch(new RegExp(`^${field} must`));
  });

  it('puts no value of a credential into its messages', () => {
    const canaries = [
      { userId: 'canary\n' },
      { canary: 'a' },
      { signedWallet: { ...SIGNED, signedMessage: 'canary\n' } },
    ];
    for (const auth of [...canaries, { ...WALLET, wallet: 'canary' }, 'canary', ['canary', 'merchant']]) {
      expect(refusalOf(auth)).not.toContain('canary');
    }
  });
});

describe('isDocumented', () => {
  it('is true for the documented credentials alone, and for both kinds of a wallet', () => {
    const kinds = ['session', 'user', 'wallet', 'merchant', 'session+merchant', 'none'] as const;
    const auths = [
      session,
      { userId: 'a' },
      WALLET,
      { signedWallet: SIGNED },
      'merchant',
      [session, 'merchant'],
      'none',
    ];
    const table = auths.map(read).map((sent) => [sent.kind, kinds.filter((kind) => isDocumented(sent, kind))]);
    expect(table).toEqual([
      ['session', ['session']],
      ['user', ['user']],
      ['wallet', ['wallet']],
      ['signed-wallet', ['wallet']],
      ['merchant', ['merchant']],
      ['session+merchant', ['session+merchant']],
      ['none', ['none']],
    ]);
  });
});

describe('describeCredentials', () => {
  it('names what was sent and what is documented', () => {
    expect(describeCredentials(read(session), 'user')).toBe(
      'It was sent with a session key; Coinflow documents the API key with a user id',
    );
    expect(describeCredentials(read('merchant'), 'wallet')).toBe(
      "It was sent with the API key alone; Coinflow documents a wallet, with the API key or with the wallet's signature",
    );
    expect(describeCredentials(read('none'), undefined)).toBe(
      'It was sent with no credentials; Coinflow does not document this operation',
    );
  });
});
