import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { EmbeddedDatabase } from '../../apps/sample/src/ledger/embedded-database.js';
import { Ledger, type Database, type Payment, type Query } from '../../apps/sample/src/ledger/ledger.js';
import { PostgresDatabase } from '../../apps/sample/src/ledger/postgres-database.js';
import { amount } from '../harness/amount.js';
import { PostgresServer, describeWithPostgres } from '../harness/postgres-server.js';

const RUNS = amount('LEDGER_RUNS', { quick: 20, full: 500 });

describe('the ledger in the embedded database', () => {
  let database: EmbeddedDatabase;

  beforeEach(() => {
    database = new EmbeddedDatabase();
  });

  afterEach(() => database.onApplicationShutdown());

  itKeepsALedger(() => database);
});

describeWithPostgres('the ledger in PostgreSQL (skipped without postgresql)', () => {
  let server: PostgresServer;
  let database: PostgresDatabase;

  beforeAll(async () => {
    // Lost connections are expected here.
    Logger.overrideLogger(false);
    server = await PostgresServer.start();
  });

  afterAll(() => server.remove());

  beforeEach(async () => {
    database = await PostgresDatabase.connect(server.url);
    await empty(database);
  });

  afterEach(() => database.onApplicationShutdown());

  itKeepsALedger(() => database);

  it('keeps its tables and balances when the application starts again, in several replicas at once', async () => {
    await new Ledger(database).credit('alice', payment('p1', 500));
    const replicas = await Promise.all(Array.from({ length: 5 }, () => PostgresDatabase.connect(server.url)));
    const balances = await Promise.all(replicas.map((replica) => new Ledger(replica).balance('alice')));
    expect(balances).toEqual([500, 500, 500, 500, 500]);
    await Promise.all(replicas.map((replica) => replica.onApplicationShutdown()));
  });

  it('names the reason when PostgreSQL rejects the connection', () =>
    expect(PostgresDatabase.connect(`${server.url}-unknown`)).rejects.toThrow(
      'DATABASE_URL: database "postgres-unknown" does not exist. Start PostgreSQL, or correct DATABASE_URL.',
    ));

  it('creates its tables once when several replicas start at once with an empty database', async () => {
    await database.transaction((query) => query('DROP TABLE payments, accounts, users'));
    const replicas = await Promise.all(Array.from({ length: 5 }, () => PostgresDatabase.connect(server.url)));
    expect(await new Ledger(database).balance('alice')).toBe(0);
    await Promise.all(replicas.map((replica) => replica.onApplicationShutdown()));
  });

  it('credits a payment once when two replicas receive it at once', async () => {
    const other = await PostgresDatabase.connect(server.url);
    const ledgers = [new Ledger(database), new Ledger(other)];
    for (let run = 1; run <= RUNS; run += 1) {
      await Promise.all(ledgers.map((ledger) => ledger.credit('alice', payment(`p${run}`, 1))));
      expect(await ledgers[0]?.balance('alice')).toBe(run);
    }
    await other.onApplicationShutdown();
  });

  it('responds with 503 while PostgreSQL is down, and credits the payment afterwards', async () => {
    const ledger = new Ledger(database);
    await server.kill();
    await expect(ledger.credit('alice', payment('p1', 500))).rejects.toMatchObject({ status: 503 });
    await expect(ledger.balance('alice')).rejects.toMatchObject({ status: 503 });
    await server.start();
    await ledger.credit('alice', payment('p1', 500));
    expect(await ledger.balance('alice')).toBe(500);
  });

  it('writes neither the payment nor the balance when PostgreSQL ends between the two', async () => {
    const dying = new Ledger(interrupted(database, 2, () => server.kill()));
    await expect(dying.credit('alice', payment('p1', 500))).rejects.toThrow();
    await server.start();
    const ledger = new Ledger(database);
    expect(await ledger.balance('alice')).toBe(0);
    await ledger.credit('alice', payment('p1', 500));
    expect(await ledger.balance('alice')).toBe(500);
  });
});

describe('an invalid DATABASE_URL', () => {
  it.each(['mysql://u:secret@h/d', 'postgres://u:secret@h:port/d', 'secret'])(
    'reports the URL %s without its password',
    (url) =>
      expect(PostgresDatabase.connect(url)).rejects.toThrow(/^DATABASE_URL is not a PostgreSQL URL: (?!.*secret)/),
  );

  it.each(['127.0.0.1', 'localhost'])('reports the reason if no PostgreSQL listens on %s', (host) =>
    expect(PostgresDatabase.connect(`postgres://u:secret@${host}:1/d`)).rejects.toThrow(
      /^DATABASE_URL: (?!.*secret).*ECONNREFUSED.*Start PostgreSQL, or correct DATABASE_URL\.$/,
    ),
  );
});

/** The tests for both databases. */
function itKeepsALedger(database: () => Database): void {
  let ledger: Ledger;

  beforeEach(async () => {
    ledger = new Ledger(database());
    await addUsers(database(), 'alice', 'bob');
  });

  it('creates the account of a user with the first payment', async () => {
    expect(await ledger.balance('alice')).toBe(0);
    await ledger.credit('alice', payment('p1', 500));
    await ledger.credit('alice', { id: 'p2', subtotal: { cents: 1, currency: 'USD' } });
    expect([await ledger.balance('alice'), await ledger.balance('bob')]).toEqual([501, 0]);
  });

  it('credits a repeated payment once', async () => {
    for (let i = 0; i < 3; i += 1) await ledger.credit('alice', payment('p1', 500));
    await Promise.all(Array.from({ length: 20 }, () => ledger.credit('alice', payment('p2', 500))));
    expect(await ledger.balance('alice')).toBe(1_000);
  });

  it('adds up concurrent payments of one user', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => ledger.credit('alice', payment(`p${i}`, 2 ** i))));
    expect(await ledger.balance('alice')).toBe(2 ** 20 - 1);
  });

  it('keeps an amount that needs more than 32 bits', async () => {
    await ledger.credit('alice', payment('p1', 2 ** 52));
    await ledger.credit('alice', payment('p2', 1));
    expect(await ledger.balance('alice')).toBe(2 ** 52 + 1);
  });

  it.each([undefined, null, '', 'undefined', 'null', 'carol', 'ALICE', ' alice', 'alice\0', '__proto__'])(
    'rejects a payment of the unknown user %j, and credits it when the user is known',
    async (userId) => {
      await expect(ledger.credit(userId, payment('p1', 500))).rejects.toThrow(
        userId?.includes('\0') ? /NUL|invalid byte sequence/ : userId ? /^No such user/ : 'The payment has no user.',
      );
      expect(await rows(database())).toEqual({ accounts: [], payments: [] });
      await ledger.credit('alice', payment('p1', 500));
      expect(await ledger.balance('alice')).toBe(500);
    },
  );

  it.each(['EUR', 'usd', '', null])(
    'rejects a payment in the currency %j, as the first one and as a later one',
    async (other) => {
      const foreign = { id: 'p1', subtotal: { cents: 500, currency: other as string } };
      await expect(ledger.credit('alice', foreign)).rejects.toThrow('The payment is not in USD.');
      await ledger.credit('alice', payment('p0', 1));
      await expect(ledger.credit('alice', foreign)).rejects.toThrow('The payment is not in USD.');
      expect(await ledger.balance('alice')).toBe(1);
    },
  );

  it('rejects a payment to an account in another currency, and leaves it out of the ledger', async () => {
    await database().transaction((query) =>
      query("INSERT INTO accounts (user_id, currency, cents) VALUES ('alice', 'EUR', 7)"),
    );
    await expect(ledger.credit('alice', payment('p1', 500))).rejects.toThrow('another currency');
    expect(await rows(database())).toMatchObject({ accounts: [{ user_id: 'alice', currency: 'EUR' }], payments: [] });
    expect(await ledger.balance('alice')).toBe(7);
  });

  it.each<[string, unknown]>([
    ['no id', { subtotal: { cents: 5 } }],
    ['an empty id', { id: '', subtotal: { cents: 5 } }],
    ['a number as its id', { id: 5, subtotal: { cents: 5 } }],
    ['no amount', { id: 'p1' }],
    ['half a cent', { id: 'p1', subtotal: { cents: 0.5 } }],
    ['less than nothing', { id: 'p1', subtotal: { cents: -1 } }],
    ['a text as its amount', { id: 'p1', subtotal: { cents: '5' } }],
    ['an amount beyond the safe integers', { id: 'p1', subtotal: { cents: 2 ** 53 } }],
  ])('rejects a payment with %s', async (_, wrong) => {
    await expect(ledger.credit('alice', wrong as Payment)).rejects.toThrow();
    expect(await rows(database())).toEqual({ accounts: [], payments: [] });
  });

  // Step 3 is the commit.
  it.each([1, 2, 3])('writes nothing when the transaction fails at step %d', async (statement) => {
    const dying = new Ledger(interrupted(database(), statement, () => Promise.reject(new Error('Killed'))));
    await expect(dying.credit('alice', payment('p1', 500))).rejects.toThrow('Killed');
    expect(await rows(database())).toEqual({ accounts: [], payments: [] });
    await ledger.credit('alice', payment('p1', 500));
    expect(await ledger.balance('alice')).toBe(500);
  });

  it('credits the sum of the distinct payments after concurrent, repeated and failed ones', async () => {
    const id = fc.integer({ min: 0, max: 9 });
    const delivery = fc.record({ id, fails: fc.boolean(), userId: fc.constantFrom('alice', 'bob', 'carol') });
    await fc.assert(
      fc.asyncProperty(fc.array(delivery, { maxLength: 15 }), async (deliveries) => {
        await empty(database());
        await addUsers(database(), 'alice', 'bob');
        const dying = new Ledger(interrupted(database(), 2, () => Promise.reject(new Error('Killed'))));
        const sent = deliveries.map(async ({ id, userId, fails }) => {
          const user = `${userId}`;
          await (fails ? dying : ledger).credit(user, payment(`${user}-${id}`, 2 ** id));
        });
        await Promise.allSettled(sent);
        for (const user of ['alice', 'bob', 'carol']) {
          const ids = deliveries.filter(({ userId, fails }) => userId === user && !fails).map(({ id }) => id);
          const sum = [...new Set(ids)].reduce((total, one) => total + 2 ** one, 0);
          expect(await ledger.balance(user)).toBe(user === 'carol' ? 0 : sum);
        }
      }),
      { numRuns: RUNS },
    );
  });
}

const payment = (id: string, cents: number): Payment => ({ id, subtotal: { cents } });

function addUsers(database: Database, ...ids: string[]): Promise<void> {
  return database.transaction(async (query) => {
    for (const id of ids) await query('INSERT INTO users (id) VALUES ($1)', [id]);
  });
}

function empty(database: Database): Promise<void> {
  return database.transaction(async (query) => {
    for (const table of ['payments', 'accounts', 'users']) await query(`DELETE FROM ${table}`);
  });
}

async function rows(database: Database): Promise<Record<string, unknown>> {
  return database.transaction(async (query) => ({
    accounts: await query('SELECT * FROM accounts'),
    payments: await query('SELECT * FROM payments'),
  }));
}

/** A database that runs an action before the statement with this number, or before the commit if there are fewer. */
function interrupted(database: Database, statement: number, interrupt: () => Promise<void>): Database {
  return {
    transaction: (work) =>
      database.transaction(async (query) => {
        let count = 0;
        const counted: Query = async (sql, values) => {
          if ((count += 1) === statement) await interrupt();
          return query(sql, values);
        };
        const result = await work(counted);
        if (count < statement) await interrupt();
        return result;
      }),
  };
}
