import { Module } from '@nestjs/common';
import { REDIS, RedisModule, type Redis } from '../redis/redis.module.js';
import { Ledger } from './ledger.js';
import { MemoryLedger } from './memory-ledger.js';
import { RedisLedger } from './redis-ledger.js';

/** Who has paid in how much: in memory, or in Redis if there is one. */
@Module({
  imports: [RedisModule],
  providers: [
    {
      provide: Ledger,
      inject: [REDIS],
      useFactory: (redis: Redis | null): Ledger => (redis ? new RedisLedger(redis) : new MemoryLedger()),
    },
  ],
  exports: [Ledger],
})
export class LedgerModule {}
