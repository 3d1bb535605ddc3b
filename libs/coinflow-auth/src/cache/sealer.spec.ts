import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Sealer } from './sealer.js';

const SCOPE = { env: 'prod', baseUrl: 'https://api.coinflow.cash', merchantId: 'ours' } as const;
const [A, B] = [1, 2].map((byte) => createSecretKey(Buffer.alloc(32, byte)));

const sealer = (keys = [A!], scope: Partial<typeof SCOPE> = {}): Sealer =>
  new Sealer({ ...SCOPE, ...scope, sealKeys: keys });

describe('Sealer', () => {
  it('opens an entry to the text that was sealed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (name, text) => {
        expect(sealer().open('session', name, sealer().seal('session', name, text))).toBe(text);
      }),
    );
  });

  it('does not open an entry in which one bit has changed', () => {
    const sealed = Buffer.from(sealer().seal('session', 'name', 'text'), 'base64url');
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(sealer().open('session', 'name', changed.toString('base64url'))).toBeUndefined();
    }
  });

  it.each([0, 1, 31, 32])('does not open an entry that is cut to %d bytes', (length) => {
    const sealed = Buffer.from(sealer().seal('session', 'name', 'text'), 'base64url');
    expect(sealer().open('session', 'name', sealed.subarray(0, length).toString('base64url'))).toBeUndefined();
  });

  it.each([undefined, null, 7, {}, [], Buffer.alloc(64)])('does not open %p, which is not a string', (sealed) => {
    expect(sealer().open('session', 'name', sealed)).toBeUndefined();
  });

  it('does not try to open an entry that is longer than any sealed one', () => {
    const seal = (length: number): string => sealer().seal('created', 'name', 'a'.repeat(length));
    expect(sealer().open('created', 'name', seal(49_000))).toHaveLength(49_000);
    expect(sealer().open('created', 'name', seal(50_000))).toBeUndefined();
  });

  it('counts the entries that it could not open', () => {
    const one = sealer();
    one.open('session', 'name', one.seal('session', 'name', 'text'));
    expect(one.unopened).toBe(0);
    for (const sealed of ['nonsense', undefined, one.seal('session', 'another', 'text')])
      one.open('session', 'name', sealed);
    expect(one.unopened).toBe(3);
  });

  it('opens an entry only under its own name and as its own kind', () => {
    const sealed = sealer().seal('session', 'name', 'text');
    expect(sealer().open('created', 'name', sealed)).toBeUndefined();
    expect(sealer().open('session', 'another', sealed)).toBeUndefined();
  });

  it.each([{ env: 'sandbox' }, { baseUrl: 'https://api.example.com' }, { merchantId: 'theirs' }])(
    'does not open an entry of another scope: %p',
    (scope) => {
      const sealed = sealer().seal('session', 'name', 'text');
      const elsewhere = new Sealer({ ...SCOPE, ...scope, sealKeys: [A!] } as ConstructorParameters<typeof Sealer>[0]);
      expect(elsewhere.open('session', 'name', sealed)).toBeUndefined();
      expect(elsewhere.nameOf('session', 'name')).not.toBe(sealer().nameOf('session', 'name'));
    },
  );

  it('seals the same text differently each time', () => {
    const seals = Array.from({ length: 100 }, () => sealer().seal('session', 'name', 'text'));
    expect(new Set(seals).size).toBe(100);
    // They differ in more than the salt: each entry has its own key.
    expect(new Set(seals.map((one) => Buffer.from(one, 'base64url').subarray(16).toString())).size).toBe(100);
  });

  it('opens entries of every seal key, and seals and names with the newest', () => {
    const sealed = sealer([A!, B!]).seal('session', 'name', 'text');
    expect(sealer([B!, A!]).open('session', 'name', sealed)).toBe('text');
    expect(sealer([A!]).open('session', 'name', sealed)).toBe('text');
    expect(sealer([B!]).open('session', 'name', sealed)).toBeUndefined();
    expect(sealer([A!, B!]).nameOf('session', 'name')).toBe(sealer([A!]).nameOf('session', 'name'));
    expect(sealer([B!, A!]).nameOf('session', 'name')).not.toBe(sealer([A!]).nameOf('session', 'name'));
  });

  it('throws without a seal key', () => {
    expect(() => sealer([])).toThrow(TypeError);
  });
});

describe('nameOf()', () => {
  it('names an entry by its kind and name alone', () => {
    expect(sealer().nameOf('session', 'name')).toMatch(/^[\w-]{43}$/);
    expect(sealer().nameOf('session', 'name')).toBe(sealer().nameOf('session', 'name'));
    expect(sealer().nameOf('created', 'name')).not.toBe(sealer().nameOf('session', 'name'));
    expect(sealer().nameOf('session', 'another')).not.toBe(sealer().nameOf('session', 'name'));
  });
});
