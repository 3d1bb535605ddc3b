import { Logger, ServiceUnavailableException, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Database, TABLES, type Query } from './ledger.js';

const CONNECT_MS = 2_000;
/** Coinflow waits 5 seconds for the response to a webhook. */
const STATEMENT_MS = 4_000;
/** An arbitrary number that all replicas share. Without the lock, replicas that create a table at the same time fail. */
const SET_UP_LOCK = 4_010;

export class PostgresDatabase extends Database implements OnApplicationShutdown {
  readonly #pool: pg.Pool;

  private constructor(connectionString: string) {
    super();
    this.#pool = new pg.Pool({
      connectionString,
      connectionTimeoutMillis: CONNECT_MS,
      statement_timeout: STATEMENT_MS,
      query_timeout: STATEMENT_MS,
    });
    // A lost connection emits an error event, which ends the process if it has no listener: on the pool if the connection
    // is idle, on the connection itself in a transaction. The next statement of the transaction then fails.
    this.#pool.on('error', ({ message }) => new Logger('PostgreSQL').warn(`Connection lost: ${message}`));
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** Connects and creates the tables that do not exist. */
  static async connect(url: string): Promise<PostgresDatabase> {
    // The URL contains a password, so no message repeats it.
    if (!/^postgres(?:ql)?:\/\//.test(url) || !URL.canParse(url)) {
      throw new Error('DATABASE_URL is not a PostgreSQL URL: set it to postgres://user:password@host:5432/database.');
    }
    const database = new PostgresDatabase(url);
    try {
      await database.transaction(async (query) => {
        await query('SELECT pg_advisory_xact_lock($1)', [SET_UP_LOCK]);
        for (const table of TABLES) await query(table);
      });
    } catch (error) {
      await database.#pool.end();
      const { cause = error } = error as Error;
      // If several addresses refuse the connection, the error has a code but no message.
      const { message, code } = cause as NodeJS.ErrnoException;
      throw new Error(`DATABASE_URL: ${message || code}. Start PostgreSQL, or correct DATABASE_URL.`, { cause: error });
    }
    return database;
  }

  override async transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((cause: unknown) => {
      throw new ServiceUnavailableException('The database is unreachable. Try again later.', { cause });
    });
    try {
      await client.query('BEGIN');
      const result = await work(async (sql, values) => (await client.query<Record<string, unknown>>(sql, values)).rows);
      await client.query('COMMIT');
      client.release();
      return result;
    } catch (error) {
      // Closes the connection: PostgreSQL then rolls back in every state.
      client.release(true);
      throw error;
    }
  }

  onApplicationShutdown(): Promise<void> {
    return this.#pool.end();
  }
}
