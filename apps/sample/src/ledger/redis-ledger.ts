import { ServiceUnavailableException } from '@nestjs/common';
import type { Redis } from '../redis/redis.module.js';
import { Ledger, SHOP_CURRENCY, type Amount } from './ledger.js';

const PAYMENTS = 'sample:ledger:{usd}:payments';
const BALANCES = 'sample:ledger:{usd}:balances';

/** Notes the payment and moves the balance, or neither. */
const CREDIT = `
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[3]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[2], ARGV[2], ARGV[3])
return 1`;

/** A ledger that all processes of the shop share. */
export class RedisLedger extends Ledger {
  constructor(private readonly redis: Redis) {
    super();
  }

  override async credit(payer: string, paymentId: string, cents: number): Promise<boolean> {
    const answer = await this.#ask((redis) =>
      redis.eval(CREDIT, { keys: [PAYMENTS, BALANCES], arguments: [paymentId, payer, String(cents)] }),
    );
    return answer === 1;
  }

  override async balance(payer: string): Promise<Amount> {
    const cents = await this.#ask((redis) => redis.hGet(BALANCES, payer));
    return { cents: Number(cents ?? 0), currency: SHOP_CURRENCY };
  }

  async #ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    try {
      return await question(this.redis);
    } catch (cause) {
      throw new ServiceUnavailableException('The ledger is away: try again shortly', { cause });
    }
  }
}
