import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Sealer } from './sealer.js';

const SCOPE = { env: 'prod', baseUrl: 'https://api.coinflow.cash', merchantId: 'ours' } as const;
const [A, B] = [1, 2].map((byte) => createSecretKey(Buffer.alloc(32, byte)));

const sealer = (keys = [A!], scope: Partial<typeof SCOPE> = {}): Sealer =>
  new Sealer({ ...SCOPE, ...scope, sealKeys: keys });

describe('a seal', () => {
  it('opens to what was sealed, whatever that is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (name, text) => {
        expect(sealer().open('session', name, sealer().seal('session', name, text))).toBe(text);
      }),
    );
  });

  it('with any bit changed does not open', () => {
    const sealed = Buffer.from(sealer().seal('session', 'name', 'text'), 'base64url');
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(sealer().open('session', 'name', changed.toString('base64url'))).toBeUndefined();
    }
  });

  it.each([0, 1, 31, 32])('cut to %d bytes does not open', (length) => {
    const sealed = Buffer.from(sealer().seal('session', 'name', 'text'), 'base64url');
    expect(sealer().open('session', 'name', sealed.subarray(0, length).toString('base64url'))).toBeUndefined();
  });

  it.each([undefined, null, 7, {}, [], Buffer.alloc(64)])('is a text: not %p', (sealed) => {
    expect(sealer().open('session', 'name', sealed)).toBeUndefined();
  });

  it('that is longer than any of ours is not even tried', () => {
    const seal = (length: number): string => sealer().seal('minted', 'name', 'a'.repeat(length));
    expect(sealer().open('minted', 'name', seal(49_000))).toHaveLength(49_000);
    expect(sealer().open('minted', 'name', seal(50_000))).toBeUndefined();
  });

  it('counts what it could not open', () => {
    const one = sealer();
    one.open('session', 'name', one.seal('session', 'name', 'text'));
    expect(one.unopened).toBe(0);
    for (const sealed of ['nonsense', undefined, one.seal('session', 'another', 'text')])
      one.open('session', 'name', sealed);
    expect(one.unopened).toBe(3);
  });

  it('opens under its own name and as its own kind only', () => {
    const sealed = sealer().seal('session', 'name', 'text');
    expect(sealer().open('minted', 'name', sealed)).toBeUndefined();
    expect(sealer().open('session', 'another', sealed)).toBeUndefined();
  });

  it.each([{ env: 'sandbox' }, { baseUrl: 'https://api.example.com' }, { merchantId: 'theirs' }])(
    'does not open elsewhere: %p',
    (scope) => {
      const sealed = sealer().seal('session', 'name', 'text');
      const elsewhere = new Sealer({ ...SCOPE, ...scope, sealKeys: [A!] } as ConstructorParameters<typeof Sealer>[0]);
      expect(elsewhere.open('session', 'name', sealed)).toBeUndefined();
      expect(elsewhere.nameOf('session', 'name')).not.toBe(sealer().nameOf('session', 'name'));
    },
  );

  it('is another each time', () => {
    const seals = Array.from({ length: 100 }, () => sealer().seal('session', 'name', 'text'));
    expect(new Set(seals).size).toBe(100);
    // Salts are not all that differs: each has a key of its own.
    expect(new Set(seals.map((one) => Buffer.from(one, 'base64url').subarray(16).toString())).size).toBe(100);
  });

  it('opens under every key; the newest seals and names', () => {
    const sealed = sealer([A!, B!]).seal('session', 'name', 'text');
    expect(sealer([B!, A!]).open('session', 'name', sealed)).toBe('text');
    expect(sealer([A!]).open('session', 'name', sealed)).toBe('text');
    expect(sealer([B!]).open('session', 'name', sealed)).toBeUndefined();
    expect(sealer([A!, B!]).nameOf('session', 'name')).toBe(sealer([A!]).nameOf('session', 'name'));
    expect(sealer([B!, A!]).nameOf('session', 'name')).not.toBe(sealer([A!]).nameOf('session', 'name'));
  });

  it('needs a key', () => {
    expect(() => sealer([])).toThrow(TypeError);
  });
});

describe('a name', () => {
  it('is the same for the same kind and name, and for no others', () => {
    expect(sealer().nameOf('session', 'name')).toMatch(/^[\w-]{43}$/);
    expect(sealer().nameOf('session', 'name')).toBe(sealer().nameOf('session', 'name'));
    expect(sealer().nameOf('minted', 'name')).not.toBe(sealer().nameOf('session', 'name'));
    expect(sealer().nameOf('session', 'another')).not.toBe(sealer().nameOf('session', 'name'));
  });
});
