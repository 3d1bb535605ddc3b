import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Injectable } from '@nestjs/common';

const deriveKey = promisify<string, string, number, Buffer>(scrypt);

interface StoredPassword {
  salt: string;
  /** scrypt, 32 bytes, base64. */
  hash: string;
}

/** The passwords of `DEMO_USERS`. */
const PASSWORDS = new Map<string, StoredPassword>([
  ['alice', { salt: 'ifkGHWOqZEnZDPu1ObRwrg==', hash: 'ps8wwBN9uemqvTfD0atcE6lIoouGoQSFgbnwBlxQikE=' }],
  ['bob', { salt: 'QLWPMrQQqB6b1JS+dGRjag==', hash: 'tJo6uSLj4oJmKBZB1DRKhlyKUKjOzORPlKyu8wOAOL8=' }],
]);

/** Checked against for a user that does not exist, so that the answer takes as long. */
const NOBODY: StoredPassword = { salt: 'nobody', hash: Buffer.alloc(32).toString('base64') };

/** Who the merchant's users are. */
@Injectable()
export class UserDirectory {
  async hasPassword(username: string, password: string): Promise<boolean> {
    const { salt, hash } = PASSWORDS.get(username) ?? NOBODY;
    return timingSafeEqual(await deriveKey(password, salt, 32), Buffer.from(hash, 'base64'));
  }
}
