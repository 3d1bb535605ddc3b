import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Injectable } from '@nestjs/common';
import type { ConfigService } from '@nestjs/config';

/** The README names the demo users and their passwords too. */
export const DEMO_USERS = [
  { username: 'alice', password: 'alice-demo' },
  { username: 'bob', password: 'bob-demo' },
] as const;

/** The passwords are public, so the demo users are disabled in production unless SAMPLE_ALLOW_DEMO_LOGIN is 1. */
export function hasDemoUsers(config: ConfigService): boolean {
  return config.get('COINFLOW_ENV') !== 'prod' || config.get('SAMPLE_ALLOW_DEMO_LOGIN') === '1';
}

const deriveKey = promisify<string, string, number, Buffer>(scrypt);

interface StoredPassword {
  salt: string;
  /** scrypt, 32 bytes, base64. */
  hash: string;
}

const PASSWORDS = new Map<string, StoredPassword>([
  ['alice', { salt: 'ifkGHWOqZEnZDPu1ObRwrg==', hash: 'ps8wwBN9uemqvTfD0atcE6lIoouGoQSFgbnwBlxQikE=' }],
  ['bob', { salt: 'QLWPMrQQqB6b1JS+dGRjag==', hash: 'tJo6uSLj4oJmKBZB1DRKhlyKUKjOzORPlKyu8wOAOL8=' }],
]);

/** Compared for unknown users, so that the response time does not reveal which users exist. */
const UNKNOWN_USER: StoredPassword = { salt: 'nobody', hash: Buffer.alloc(32).toString('base64') };

/** Stands for your own table of users. */
@Injectable()
export class UserDirectory {
  async hasPassword(username: string, password: string): Promise<boolean> {
    const { salt, hash } = PASSWORDS.get(username) ?? UNKNOWN_USER;
    return timingSafeEqual(await deriveKey(password, salt, 32), Buffer.from(hash, 'base64'));
  }
}
