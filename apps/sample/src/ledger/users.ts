import { Injectable } from '@nestjs/common';
import type { CoinflowSubject } from 'nestjs-coinflow-auth';
import { Database } from './ledger.js';

/** Who names a user: a session, or the data of a webhook event. */
export type UserRef = CoinflowSubject | { userId: string } | { wallet: string };

/** The users that the database has: the demo users, and each wallet that has logged in. */
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

/** The id of a user in the database: the same for a session and for a webhook. */
export function idOf(ref: UserRef): string {
  if ('userId' in ref) return `user:${ref.userId}`;
  // The address of an EVM chain means the same in any case; the case is only its checksum.
  return `wallet:${/^0x/i.test(ref.wallet) ? ref.wallet.toLowerCase() : ref.wallet}`;
}
