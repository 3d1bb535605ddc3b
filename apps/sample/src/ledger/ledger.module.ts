import { Logger, Module, type OnModuleInit } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { DEMO_USERS, hasDemoUsers } from '../login/demo-users.js';
import { EmbeddedDatabase } from './embedded-database.js';
import { Database, Ledger } from './ledger.js';
import { LiveBalances } from './live-balances.js';
import { PostgresDatabase } from './postgres-database.js';
import { Users } from './users.js';

/** Stores the balances of users: in PostgreSQL with `DATABASE_URL`, otherwise in memory. */
@Module({
  providers: [{ provide: Database, inject: [ConfigService], useFactory: openDatabase }, Ledger, LiveBalances, Users],
  exports: [Ledger, LiveBalances, Users],
})
export class LedgerModule implements OnModuleInit {
  constructor(
    private readonly users: Users,
    private readonly config: ConfigService,
  ) {}

  async onModuleInit(): Promise<void> {
    if (hasDemoUsers(this.config)) await this.users.add(...DEMO_USERS.map(({ username }) => ({ userId: username })));
  }
}

async function openDatabase(config: ConfigService): Promise<Database> {
  const url = config.get<string>('DATABASE_URL')?.trim();
  if (url) return PostgresDatabase.connect(url);
  if (config.get<string>('REDIS_URL')) {
    new Logger('Ledger').warn('Each replica has balances of its own. Set DATABASE_URL to share them.');
  }
  return new EmbeddedDatabase();
}
