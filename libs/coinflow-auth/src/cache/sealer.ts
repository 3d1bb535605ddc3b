import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';
import { derivedKey, scopeText, type SealScope } from './derived-key.js';

const CIPHER = 'aes-256-gcm';
const SALT_BYTES = 16;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** A session key has 4,096 characters at most; what is told of its session comes out of it, and may be escaped twice. */
const MAX_SEALED_LENGTH = 65_536;

/** What entries of a shared store are of. One of one kind is never taken for one of another. */
export type SealedKind = 'session' | 'minted' | 'revocation';

/**
 * Seals what leaves this process: nobody without our keys reads it, makes it, or passes it off as an entry of another kind
 * or name.
 */
export class Sealer {
  /** Newest first: the first one seals, every one opens. */
  readonly #sealing: readonly KeyObject[];
  readonly #naming: readonly [KeyObject, ...KeyObject[]];
  readonly #scope: string;
  #unopened = 0;

  /** @param options with one seal key at least */
  constructor(options: SealScope) {
    const [newest, ...older] = options.sealKeys;
    if (!newest) throw new TypeError('There is nothing to seal with');
    this.#sealing = options.sealKeys.map((sealKey) => derivedKey(sealKey, 'sealing'));
    const naming = (sealKey: KeyObject): KeyObject => derivedKey(sealKey, 'store keys');
    this.#naming = [naming(newest), ...older.map(naming)];
    this.#scope = scopeText(options);
  }

  /** What was not to be opened: we have not sealed it. */
  get unopened(): number {
    return this.#unopened;
  }

  /** What an entry is stored under: a digest, since names are of session keys and users. */
  nameOf(kind: SealedKind, name: string): string {
    return this.#nameUnder(this.#naming[0], kind, name);
  }

  /** The names under every key, newest first: while keys are rotated, instances differ about which is the newest. */
  namesOf(kind: SealedKind, name: string): string[] {
    return this.#naming.map((key) => this.#nameUnder(key, kind, name));
  }

  seal(kind: SealedKind, name: string, text: string): string {
    const [newest] = this.#sealing;
    const salt = randomBytes(SALT_BYTES);
    const cipher = createCipheriv(CIPHER, ...entryKey(newest!, salt)).setAAD(this.#about(kind, name));
    const sealed = [salt, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return Buffer.concat(sealed).toString('base64url');
  }

  /** @returns nothing unless we have sealed it, as this kind and under this name */
  open(kind: SealedKind, name: string, sealed: unknown): string | undefined {
    const text = this.#open(kind, name, sealed);
    if (text === undefined) this.#unopened += 1;
    return text;
  }

  #open(kind: SealedKind, name: string, sealed: unknown): string | undefined {
    // Ours are shorter: what is not, is not worth the time it takes.
    if (typeof sealed !== 'string' || sealed.length > MAX_SEALED_LENGTH) return undefined;
    const bytes = Buffer.from(sealed, 'base64url');
    if (bytes.length < SALT_BYTES + TAG_BYTES) return undefined;
    const about = this.#about(kind, name);
    for (const key of this.#sealing) {
      const text = this.#openWith(key, bytes, about);
      if (text !== undefined) return text;
    }
    return undefined;
  }

  #nameUnder(key: KeyObject, kind: SealedKind, name: string): string {
    return createHmac('sha256', key).update(this.#about(kind, name)).digest('base64url');
  }

  #openWith(key: KeyObject, bytes: Buffer, about: Buffer): string | undefined {
    const salt = bytes.subarray(0, SALT_BYTES);
    const decipher = createDecipheriv(CIPHER, ...entryKey(key, salt)).setAAD(about);
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = decipher.update(bytes.subarray(SALT_BYTES, -TAG_BYTES));
    try {
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }

  /** The lengths say where the parts end, whatever they contain. */
  #about(kind: SealedKind, name: string): Buffer {
    return Buffer.from(JSON.stringify([this.#scope, kind, name]));
  }
}

/** A key and a nonce of each entry's own: no two are sealed under the same, however many there are. */
function entryKey(key: KeyObject, salt: Uint8Array): [key: Buffer, nonce: Buffer] {
  const bytes = Buffer.from(hkdfSync('sha256', key, salt, 'entry', KEY_BYTES + NONCE_BYTES));
  return [bytes.subarray(0, KEY_BYTES), bytes.subarray(KEY_BYTES)];
}
