import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';
import { deriveKeys, scopeText, type SealScope } from './derived-keys.js';

const CIPHER = 'aes-256-gcm';
const SALT_BYTES = 16;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** A session key has 4,096 characters at most. Its session is part of it, and JSON may escape it twice. */
const MAX_SEALED_LENGTH = 65_536;

/** The kind of an entry in the shared store. An entry of one kind is never accepted as one of another. */
export type SealedKind = 'session' | 'created' | 'revocation';

/**
 * Seals what this process writes to a shared store. Without the seal keys, entries cannot be read or forged, and a sealed
 * entry is not accepted under another kind or name.
 */
export class Sealer {
  /** Newest first: the first one seals, all of them open. */
  readonly #sealing: readonly KeyObject[];
  readonly #naming: readonly [KeyObject, ...KeyObject[]];
  readonly #scope: string;
  #unopened = 0;

  /** @param options with one seal key at least */
  constructor(options: SealScope) {
    const [newest, ...older] = deriveKeys(options, 'store keys');
    if (!newest) throw new TypeError('A Sealer needs at least one seal key');
    this.#sealing = deriveKeys(options, 'sealing');
    this.#naming = [newest, ...older];
    this.#scope = scopeText(options);
  }

  /** How many entries could not be opened, because they were not sealed with these keys. */
  get unopened(): number {
    return this.#unopened;
  }

  /** The key of an entry in the store: a MAC, since names identify session keys and users. */
  nameOf(kind: SealedKind, name: string): string {
    return this.#nameUnder(this.#naming[0], kind, name);
  }

  /** The names under every seal key, newest first: during a rotation, replicas differ about which one is the newest. */
  namesOf(kind: SealedKind, name: string): string[] {
    return this.#naming.map((key) => this.#nameUnder(key, kind, name));
  }

  seal(kind: SealedKind, name: string, text: string): string {
    const [newest] = this.#sealing;
    const salt = randomBytes(SALT_BYTES);
    const cipher = createCipheriv(CIPHER, ...entryKey(newest!, salt)).setAAD(this.#contextOf(kind, name));
    const sealed = [salt, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return Buffer.concat(sealed).toString('base64url');
  }

  /** @returns `undefined` unless it was sealed with one of the seal keys, as this kind and under this name */
  open(kind: SealedKind, name: string, sealed: unknown): string | undefined {
    const text = this.#open(kind, name, sealed);
    if (text === undefined) this.#unopened += 1;
    return text;
  }

  #open(kind: SealedKind, name: string, sealed: unknown): string | undefined {
    // No sealed entry is longer, so a longer one need not be decrypted.
    if (typeof sealed !== 'string' || sealed.length > MAX_SEALED_LENGTH) return undefined;
    const bytes = Buffer.from(sealed, 'base64url');
    if (bytes.length < SALT_BYTES + TAG_BYTES) return undefined;
    const context = this.#contextOf(kind, name);
    for (const key of this.#sealing) {
      const text = this.#openWith(key, bytes, context);
      if (text !== undefined) return text;
    }
    return undefined;
  }

  #nameUnder(key: KeyObject, kind: SealedKind, name: string): string {
    return createHmac('sha256', key).update(this.#contextOf(kind, name)).digest('base64url');
  }

  #openWith(key: KeyObject, bytes: Buffer, context: Buffer): string | undefined {
    const salt = bytes.subarray(0, SALT_BYTES);
    const decipher = createDecipheriv(CIPHER, ...entryKey(key, salt)).setAAD(context);
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = decipher.update(bytes.subarray(SALT_BYTES, -TAG_BYTES));
    try {
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }

  /** JSON, so that no two different lists of parts give the same text. */
  #contextOf(kind: SealedKind, name: string): Buffer {
    return Buffer.from(JSON.stringify([this.#scope, kind, name]));
  }
}

/** Derives a key and a nonce for each entry, so that no two entries are sealed with the same pair. */
function entryKey(key: KeyObject, salt: Uint8Array): [key: Buffer, nonce: Buffer] {
  const bytes = Buffer.from(hkdfSync('sha256', key, salt, 'entry', KEY_BYTES + NONCE_BYTES));
  return [bytes.subarray(0, KEY_BYTES), bytes.subarray(KEY_BYTES)];
}
