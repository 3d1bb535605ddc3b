import { Injectable } from '@nestjs/common';
import type { CoinflowSubject } from 'nestjs-coinflow-auth';
import { Database } from './ledger.js';

/** A user as a session or the data of a webhook event names it. */
export type UserRef = CoinflowSubject | { userId: string } | { wallet: string };

/** The users in the database: the demo users and each wallet that has logged in. */
@Injectable()
export class Users {
  constructor(private readonly database: Database) {}

  async add(...refs: UserRef[]): Promise<void> {
    await this.database.transaction(async (query) => {
      for (const ref of refs)
        await query('INSERT INTO users (id) VALUES ($1) ON CONFLICT (id) DO NOTHING', [idOf(ref)]);
    });
  }
}

/** The id of a user in the database. A session and a webhook event of one user have the same id. */
export function idOf(ref: UserRef): string {
  if ('userId' in ref) return `user:${ref.userId}`;
  // EVM addresses are case-insensitive: the case is only a checksum.
  return `wallet:${/^0x/i.test(ref.wallet) ? ref.wallet.toLowerCase() : ref.wallet}`;
}
