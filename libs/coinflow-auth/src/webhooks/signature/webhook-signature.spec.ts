import { describe, expect, it } from '@jest/globals';
import { isCoinflowAuthError } from '../../errors/coinflow-auth.errors.js';
import { parseSignatureHeader } from './signature-header.js';
import { signWebhook, verifyWebhookSignature, type VerifyWebhookSignatureOptions } from './webhook-signature.js';

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

/** How a request with these headers is judged: by what it was proven, or why it was not. */
function judge(
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
  it('says how, with which key and when', () => {
    expect(judge(header(signed()))).toEqual({
      proof: 'signature',
      keyIndex: 0,
      signedAt: new Date('2024-05-29T19:52:25Z'),
    });
  });

  it('reads the header that Coinflow documents', () => {
    expect(parseSignatureHeader(`t=1717012345,v1=${'5f'.repeat(32)}`)).toEqual({
      timestamp: '1717012345',
      signatures: [Buffer.alloc(32, 0x5f)],
    });
  });

  it.each([
    ['any order', `${v1},${t}`],
    ['blanks around the parts', ` ${t} , ${v1} `],
    ['unknown parts', `v0=abc,${t},x,y=,${v1},v2=${'0'.repeat(64)}`],
    ['several v1, one of them right', `${t},v1=${'0'.repeat(64)},${v1},v1=short,v1=`],
  ])('takes %s', (_, value) => {
    expect(judge(header(value))).toMatchObject({ proof: 'signature' });
  });

  it.each([
    ['no header', {}, 'INVALID signature-missing'],
    ['a header of another name', { 'x-coinflow-signature': signed() }, 'INVALID signature-missing'],
    ['an empty one', header(''), 'INVALID signature-malformed'],
    ['junk', header('junk'), 'INVALID signature-malformed'],
    ['no t', header(v1), 'INVALID signature-malformed'],
    ['no v1', header(`${t}`), 'INVALID signature-malformed'],
    ['two t', header(`${t},${t},${v1}`), 'INVALID signature-malformed'],
    ['two headers', { 'coinflow-signature': [signed(), signed()] }, 'INVALID signature-malformed'],
    ['t that is no number', header(`t=NaN,${v1}`), 'INVALID signature-malformed'],
    ['a negative t', header(`t=-1717012345,${v1}`), 'INVALID signature-malformed'],
    ['a t in the notation of floats', header(`t=1.717012345e9,${v1}`), 'INVALID signature-malformed'],
    ['an endless t', header(`t=${'9'.repeat(400)},${v1}`), 'INVALID signature-malformed'],
    ['another t', header(`t=1717012346,${v1}`), 'INVALID signature-mismatch'],
    ['a v1 that is too short', header(`${t},${v1.slice(0, -1)}`), 'INVALID signature-mismatch'],
    ['a v1 that is too long', header(`${t},${v1}0`), 'INVALID signature-mismatch'],
    ['a v1 in upper case', header(`${t},v1=${v1.slice(3).toUpperCase()}`), 'INVALID signature-mismatch'],
    ['the v1 under another name', header(`${t},v0=${v1.slice(3)},v1=`), 'INVALID signature-mismatch'],
    ['another key', header(signed(NOW, 'other')), 'INVALID signature-mismatch'],
    ['the key in Authorization only', { authorization: KEY }, 'INVALID signature-missing'],
  ])('refuses %s', (_, headers, why) => {
    expect(judge(headers)).toBe(why);
  });

  it.each<[string, number, object, unknown]>([
    ['of this second', 0, {}, 'good'],
    ['5 min old', -5 * MINUTE, {}, 'good'],
    ['5 min and 1 s old', -5 * MINUTE - SECOND, {}, 'TOO_OLD signature-too-old'],
    ['5 min in the future', 5 * MINUTE, {}, 'good'],
    ['5 min and 1 s in the future', 5 * MINUTE + SECOND, {}, 'INVALID timestamp-in-future'],
    ['in the future, however long the past may be', HOUR, { toleranceMs: 37 * HOUR }, 'INVALID timestamp-in-future'],
    ['37 h old, where that is allowed', -37 * HOUR, { toleranceMs: 37 * HOUR }, 'good'],
    ['38 h old', -38 * HOUR, { toleranceMs: 37 * HOUR }, 'TOO_OLD signature-too-old'],
  ])('a signature %s', (_, offsetMs, options, expected) => {
    const judged = judge(header(signed(NOW + offsetMs)), options);
    if (expected === 'good') expect(judged).toMatchObject({ proof: 'signature' });
    else expect(judged).toBe(expected);
  });

  it('says that a forged one is forged, and not that it is old', () => {
    expect(judge(header(signed(NOW - HOUR, 'other')))).toBe('INVALID signature-mismatch');
  });

  it('takes every key of a rotation, on either side', () => {
    const keys = [KEY, OLD_KEY];
    expect(judge(header(signed(NOW, OLD_KEY)), { keys })).toMatchObject({ keyIndex: 1 });
    expect(judge(header(signed(NOW, [OLD_KEY, KEY])), { keys })).toMatchObject({ keyIndex: 0 });
    expect(judge(header(signed(NOW, [OLD_KEY, KEY])))).toMatchObject({ keyIndex: 0 });
    expect(judge(header(signed(NOW, 'older')), { keys })).toBe('INVALID signature-mismatch');
  });

  it('reads headers of Node, of fetch, and in any case', () => {
    for (const headers of [
      { 'Coinflow-Signature': signed() },
      { 'COINFLOW-SIGNATURE': [signed()] },
      new Headers({ 'Coinflow-Signature': signed() }),
    ]) {
      expect(judge(headers)).toMatchObject({ proof: 'signature' });
    }
    expect(judge(new Headers())).toBe('INVALID signature-missing');
  });

  it('takes a text for its UTF-8', () => {
    const text = '{"name":"Zoë 💶"}';
    const headers = header(signWebhook({ rawBody: Buffer.from(text), keys: KEY, now: NOW }));
    expect(judge(headers, { rawBody: text })).toMatchObject({ proof: 'signature' });
  });

  describe('with Authorization as a proof', () => {
    const proofs = ['signature', 'authorization'] as const;

    it.each<[string, Record<string, string>, unknown]>([
      ['the key', { authorization: KEY }, { proof: 'authorization', keyIndex: 0, signedAt: null }],
      ['a key with Bearer', { authorization: `Bearer ${KEY}` }, 'INVALID authorization-mismatch'],
      ['another key', { authorization: 'other' }, 'INVALID authorization-mismatch'],
      ['a longer key', { authorization: `${KEY}0` }, 'INVALID authorization-mismatch'],
      ['nothing', { authorization: '' }, 'INVALID authorization-mismatch'],
      ['no header', {}, 'INVALID no-proof'],
      [
        'the key beside a wrong signature',
        { authorization: KEY, ...header(`${t},v1=${'0'.repeat(64)}`) },
        'INVALID signature-mismatch',
      ],
      [
        'the key beside a malformed signature',
        { authorization: KEY, ...header('junk') },
        'INVALID signature-malformed',
      ],
      [
        'the key beside an old signature',
        { authorization: KEY, ...header(signed(NOW - HOUR)) },
        'TOO_OLD signature-too-old',
      ],
    ])('%s', (_, headers, expected) => {
      expect(judge(headers, { proofs })).toEqual(expected);
    });

    it('a signature is enough, and the old key is one', () => {
      expect(judge({ authorization: 'other', ...header(signed()) }, { proofs })).toMatchObject({ proof: 'signature' });
      expect(judge({ authorization: OLD_KEY }, { proofs, keys: [KEY, OLD_KEY] })).toMatchObject({ keyIndex: 1 });
    });
  });

  it.each([[''], [[]], [['']], [[KEY, '']], [undefined], [null], [5]])('%j is no key, and proves nothing', (keys) => {
    const empty = header(`t=1717012345,v1=${'0'.repeat(64)}`);
    const misconfigured = expect.objectContaining({ code: 'COINFLOW_MISCONFIGURED', reason: 'webhook-key-missing' });
    expect(() => verifyWebhookSignature({ rawBody, headers: empty, keys: keys as string })).toThrow(misconfigured);
    expect(() => signWebhook({ rawBody, keys: keys as string })).toThrow(misconfigured);
  });
});
