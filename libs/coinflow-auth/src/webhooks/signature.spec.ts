import { describe, expect, it } from '@jest/globals';
import { isCoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import {
  parseSignatureHeader,
  signWebhook,
  verifyWebhookSignature,
  type VerifyWebhookSignatureOptions,
} from './signature.js';

const KEY = 'whk_canary_1';
const OLD_KEY = 'whk_canary_0';
const rawBody = Buffer.from('{"eventType":"Settled","data":{"id":"p1"}}');
const NOW = 1_717_012_345_678;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const signed = (now = NOW, keys: string | string[] = KEY): string => signWebhook({ rawBody, keys, now });
const [t, v1 = ''] = signed().split(',');
const header = (value: string): Record<string, string> => ({ 'coinflow-signature': value });

/** The result of the verification of a request with these headers, or the error's code and reason. */
function verify(
  headers: VerifyWebhookSignatureOptions['headers'],
  options: Partial<VerifyWebhookSignatureOptions> = {},
): unknown {
  try {
    return verifyWebhookSignature({ rawBody, headers, keys: KEY, now: NOW, ...options });
  } catch (error) {
    if (!isCoinflowAuthError(error)) throw error;
    expect(JSON.stringify(error) + error.message + error.stack).not.toContain('canary');
    return `${error.code.replace('COINFLOW_WEBHOOK_SIGNATURE_', '')} ${error.reason}`;
  }
}

describe('verifyWebhookSignature', () => {
  it('reports how a webhook was verified, by which key, and when it was signed', () => {
    expect(verify(header(signed()))).toEqual({
      verifiedBy: 'signature',
      keyIndex: 0,
      signedAt: new Date('2024-05-29T19:52:25Z'),
    });
  });

  it('parses the signature header that Coinflow documents', () => {
    expect(parseSignatureHeader(`t=1717012345,v1=${'5f'.repeat(32)}`)).toEqual({
      timestamp: '1717012345',
      signatures: [Buffer.alloc(32, 0x5f)],
    });
  });

  it.each([
    ['parts in any order', `${v1},${t}`],
    ['whitespace around the parts', ` ${t} , ${v1} `],
    ['unknown parts', `v0=abc,${t},x,y=,${v1},v2=${'0'.repeat(64)}`],
    ['several v1 of which one is valid', `${t},v1=${'0'.repeat(64)},${v1},v1=short,v1=`],
  ])('accepts a signature header with %s', (_, value) => {
    expect(verify(header(value))).toMatchObject({ verifiedBy: 'signature' });
  });

  it.each([
    ['no header', {}, 'INVALID signature-missing'],
    ['a header of another name', { 'x-coinflow-signature': signed() }, 'INVALID signature-missing'],
    ['an empty header', header(''), 'INVALID signature-malformed'],
    ['a header without parts', header('forged'), 'INVALID signature-malformed'],
    ['a header without t', header(v1), 'INVALID signature-malformed'],
    ['a header without v1', header(`${t}`), 'INVALID signature-malformed'],
    ['two t', header(`${t},${t},${v1}`), 'INVALID signature-malformed'],
    ['two headers', { 'coinflow-signature': [signed(), signed()] }, 'INVALID signature-malformed'],
    ['a t that is not a number', header(`t=NaN,${v1}`), 'INVALID signature-malformed'],
    ['a negative t', header(`t=-1717012345,${v1}`), 'INVALID signature-malformed'],
    ['a t in floating-point notation', header(`t=1.717012345e9,${v1}`), 'INVALID signature-malformed'],
    ['an endless t', header(`t=${'9'.repeat(400)},${v1}`), 'INVALID signature-malformed'],
    ['a t that was not signed', header(`t=1717012346,${v1}`), 'INVALID signature-mismatch'],
    ['a v1 that is too short', header(`${t},${v1.slice(0, -1)}`), 'INVALID signature-mismatch'],
    ['a v1 that is too long', header(`${t},${v1}0`), 'INVALID signature-mismatch'],
    ['a v1 in upper case', header(`${t},v1=${v1.slice(3).toUpperCase()}`), 'INVALID signature-mismatch'],
    ['the v1 under another name', header(`${t},v0=${v1.slice(3)},v1=`), 'INVALID signature-mismatch'],
    ['a signature with another key', header(signed(NOW, 'other')), 'INVALID signature-mismatch'],
    ['a key in Authorization alone', { authorization: KEY }, 'INVALID signature-missing'],
  ])('rejects a webhook with %s', (_, headers, why) => {
    expect(verify(headers)).toBe(why);
  });

  it.each<[string, number, object, unknown]>([
    ['of the current second', 0, {}, 'valid'],
    ['5 min old', -5 * MINUTE, {}, 'valid'],
    ['5 min and 1 s old', -5 * MINUTE - SECOND, {}, 'TOO_OLD signature-too-old'],
    ['5 min in the future', 5 * MINUTE, {}, 'valid'],
    ['5 min and 1 s in the future', 5 * MINUTE + SECOND, {}, 'INVALID timestamp-in-future'],
    ['1 h in the future with a tolerance of 37 h', HOUR, { toleranceMs: 37 * HOUR }, 'INVALID timestamp-in-future'],
    ['37 h old with a tolerance of 37 h', -37 * HOUR, { toleranceMs: 37 * HOUR }, 'valid'],
    ['38 h old with a tolerance of 37 h', -38 * HOUR, { toleranceMs: 37 * HOUR }, 'TOO_OLD signature-too-old'],
  ])('checks the age of a signature that is %s', (_, offsetMs, options, expected) => {
    const result = verify(header(signed(NOW + offsetMs)), options);
    if (expected === 'valid') expect(result).toMatchObject({ verifiedBy: 'signature' });
    else expect(result).toBe(expected);
  });

  it('rejects an old signature with a wrong key as a mismatch, not as too old', () => {
    expect(verify(header(signed(NOW - HOUR, 'other')))).toBe('INVALID signature-mismatch');
  });

  it('accepts every key of a rotation, whether Coinflow or the application has several', () => {
    const keys = [KEY, OLD_KEY];
    expect(verify(header(signed(NOW, OLD_KEY)), { keys })).toMatchObject({ keyIndex: 1 });
    expect(verify(header(signed(NOW, [OLD_KEY, KEY])), { keys })).toMatchObject({ keyIndex: 0 });
    expect(verify(header(signed(NOW, [OLD_KEY, KEY])))).toMatchObject({ keyIndex: 0 });
    expect(verify(header(signed(NOW, 'older')), { keys })).toBe('INVALID signature-mismatch');
  });

  it('reads headers of Node and of fetch, with names in any case', () => {
    for (const headers of [
      { 'Coinflow-Signature': signed() },
      { 'COINFLOW-SIGNATURE': [signed()] },
      new Headers({ 'Coinflow-Signature': signed() }),
    ]) {
      expect(verify(headers)).toMatchObject({ verifiedBy: 'signature' });
    }
    expect(verify(new Headers())).toBe('INVALID signature-missing');
  });

  it('verifies a string body as UTF-8', () => {
    const body = '{"name":"Zoë 💶"}';
    const headers = header(signWebhook({ rawBody: Buffer.from(body), keys: KEY, now: NOW }));
    expect(verify(headers, { rawBody: body })).toMatchObject({ verifiedBy: 'signature' });
  });

  describe('verifyWebhookSignature with acceptAuthorization', () => {
    const acceptAuthorization = true;

    it.each<[string, Record<string, string>, unknown]>([
      [
        'accepts the webhook key in Authorization',
        { authorization: KEY },
        { verifiedBy: 'authorization', keyIndex: 0, signedAt: null },
      ],
      ['rejects the webhook key with Bearer', { authorization: `Bearer ${KEY}` }, 'INVALID authorization-mismatch'],
      ['rejects another key in Authorization', { authorization: 'other' }, 'INVALID authorization-mismatch'],
      ['rejects a longer key in Authorization', { authorization: `${KEY}0` }, 'INVALID authorization-mismatch'],
      ['rejects an empty Authorization header', { authorization: '' }, 'INVALID authorization-mismatch'],
      ['rejects a request without both headers', {}, 'INVALID credentials-missing'],
      [
        'rejects the webhook key beside a wrong signature',
        { authorization: KEY, ...header(`${t},v1=${'0'.repeat(64)}`) },
        'INVALID signature-mismatch',
      ],
      [
        'rejects the webhook key beside a malformed signature',
        { authorization: KEY, ...header('forged') },
        'INVALID signature-malformed',
      ],
      [
        'rejects the webhook key beside an old signature',
        { authorization: KEY, ...header(signed(NOW - HOUR)) },
        'TOO_OLD signature-too-old',
      ],
    ])('%s', (_, headers, expected) => {
      expect(verify(headers, { acceptAuthorization })).toEqual(expected);
    });

    it('accepts a signature beside a wrong Authorization, and an older key in Authorization', () => {
      expect(verify({ authorization: 'other', ...header(signed()) }, { acceptAuthorization })).toMatchObject({
        verifiedBy: 'signature',
      });
      expect(verify({ authorization: OLD_KEY }, { acceptAuthorization, keys: [KEY, OLD_KEY] })).toMatchObject({
        keyIndex: 1,
      });
    });
  });

  it.each([[''], [[]], [['']], [[KEY, '']], [undefined], [null], [5]])(
    'reports a misconfiguration for the keys %j, which contain no valid key',
    (keys) => {
      const empty = header(`t=1717012345,v1=${'0'.repeat(64)}`);
      const misconfigured = expect.objectContaining({ code: 'COINFLOW_MISCONFIGURED', reason: 'webhook-key-missing' });
      expect(() => verifyWebhookSignature({ rawBody, headers: empty, keys: keys as string })).toThrow(misconfigured);
      expect(() => signWebhook({ rawBody, keys: keys as string })).toThrow(misconfigured);
    },
  );
});
