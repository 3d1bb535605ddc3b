import type { OnApplicationShutdown } from '@nestjs/common';
import sqlite from 'node-sqlite3-wasm';
import { Database, TABLES, type Query } from './ledger.js';

/** SQLite in this process and in memory: it needs no server, and a restart empties it. */
export class EmbeddedDatabase extends Database implements OnApplicationShutdown {
  readonly #sqlite = new sqlite.Database(':memory:');
  #last: Promise<unknown> = Promise.resolve();

  constructor() {
    super();
    this.#sqlite.exec(['PRAGMA foreign_keys = ON', ...TABLES].join(';'));
  }

  /** One transaction after the other: they share one connection. */
  override transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const result = this.#last.then(() => this.#run(work));
    this.#last = result.catch(() => undefined);
    return result;
  }

  onApplicationShutdown(): void {
    this.#sqlite.close();
  }

  async #run<T>(work: (query: Query) => Promise<T>): Promise<T> {
    this.#sqlite.exec('BEGIN');
    try {
      const result = await work((sql, values = []) => Promise.resolve(this.#query(sql, values)));
      this.#sqlite.exec('COMMIT');
      return result;
    } catch (error) {
      this.#sqlite.exec('ROLLBACK');
      throw error;
    }
  }

  #query(sql: string, values: (string | number)[]): Record<string, unknown>[] {
    // SQLite would cut the string at the NUL and so use another id. PostgreSQL rejects NUL too.
    if (values.some((value) => String(value).includes('\0'))) throw new Error('A string contains a NUL character.');
    const byName = Object.fromEntries(values.map((value, index) => [`$${index + 1}`, value]));
    return this.#sqlite.all(sql, byName);
  }
}
