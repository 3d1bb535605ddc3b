import { Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { Ledger } from './ledger.js';
import { MemoryLedger } from './memory-ledger.js';
import { RedisLedger } from './redis-ledger.js';

/** Who has paid in how much: in memory, or with `REDIS_URL` in Redis. */
@Module({
  providers: [
    {
      provide: Ledger,
      inject: [ConfigService],
      useFactory: (config: ConfigService): Ledger => {
        const url = config.get<string>('REDIS_URL');
        return url ? new RedisLedger(url) : new MemoryLedger();
      },
    },
  ],
  exports: [Ledger],
})
export class LedgerModule {}
