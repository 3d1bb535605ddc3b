import { Injectable } from '@nestjs/common';

/** `users` stands for the table of users that your application has. */
export const TABLES = [
  'CREATE TABLE IF NOT EXISTS users (id TEXT NOT NULL PRIMARY KEY)',
  `CREATE TABLE IF NOT EXISTS accounts (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id), currency TEXT NOT NULL, cents BIGINT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS payments (
    id TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL, currency TEXT NOT NULL, cents BIGINT NOT NULL)`,
];

const ADD_PAYMENT = `
  INSERT INTO payments (id, user_id, currency, cents) VALUES ($1, $2, $3, $4)
  ON CONFLICT (id) DO NOTHING RETURNING id`;

/** Creates the account of a user who has none. Writes nothing if there is no such user, or in another currency. */
const ADD_TO_ACCOUNT = `
  INSERT INTO accounts (user_id, currency, cents)
  SELECT id, CAST($2 AS TEXT), CAST($3 AS BIGINT) FROM users WHERE id = $1
  ON CONFLICT (user_id) DO UPDATE SET cents = accounts.cents + excluded.cents
  WHERE accounts.currency = excluded.currency RETURNING user_id`;

/** The currency of every account. */
export const CURRENCY = 'USD';

/** Runs one statement and returns its rows. */
export type Query = (sql: string, values?: (string | number)[]) => Promise<Record<string, unknown>[]>;

/** Your database: begins a transaction, commits it after `work`, and rolls it back if `work` throws. */
export abstract class Database {
  abstract transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
}

/** A payment as the data of a webhook event describes it. */
export interface Payment {
  readonly id: string;
  readonly subtotal: { readonly cents: number; readonly currency?: string };
}

@Injectable()
export class Ledger {
  constructor(private readonly database: Database) {}

  /**
   * Adds a payment to the account of a user. Does nothing if the payment was added before.
   * @throws if there is no such user, or the payment has another currency than the account: nothing is written
   */
  async credit(userId: string | null | undefined, { id, subtotal }: Payment): Promise<void> {
    const { cents, currency = CURRENCY } = subtotal;
    if (!userId) throw new Error('The payment has no user.');
    if (typeof id !== 'string' || id === '') throw new Error('The payment has no id.');
    if (!Number.isSafeInteger(cents) || cents < 0) throw new Error('The payment has no amount in cents.');
    if (currency !== CURRENCY) throw new Error(`The payment is not in ${CURRENCY}.`);
    await this.database.transaction(async (query) => {
      const added = await query(ADD_PAYMENT, [id, userId, currency, cents]);
      if (added.length === 0) return; // A retry: the payment is in the ledger.
      const credited = await query(ADD_TO_ACCOUNT, [userId, currency, cents]);
      if (credited.length === 0) throw new Error('No such user, or the account of the user has another currency.');
    });
  }

  /** What is in the account of a user, in cents. */
  async balance(userId: string): Promise<number> {
    const read = 'SELECT cents FROM accounts WHERE user_id = $1';
    const [account] = await this.database.transaction((query) => query(read, [userId]));
    return Number(account?.cents ?? 0);
  }
}
