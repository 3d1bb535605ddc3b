import { ServiceUnavailableException, type OnApplicationShutdown } from '@nestjs/common';
import { createClient } from '@redis/client';
import { Ledger, SHOP_CURRENCY, type Amount } from './ledger.js';

const PAYMENTS = 'sample:ledger:{usd}:payments';
const BALANCES = 'sample:ledger:{usd}:balances';

/** Notes the payment and moves the balance, or neither. */
const CREDIT = `
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[3]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[2], ARGV[2], ARGV[3])
return 1`;

/** A ledger that all processes of the shop share. */
export class RedisLedger extends Ledger implements OnApplicationShutdown {
  readonly #client;
  #connecting: Promise<unknown> | undefined;

  constructor(url: string) {
    super();
    const reconnectStrategy = (retries: number): number => Math.min(25 * 2 ** retries, 1_000);
    this.#client = createClient({
      url,
      disableOfflineQueue: true,
      socket: { connectTimeout: 1_000, reconnectStrategy },
    });
    // Without a listener the process ends; each request that fails for it says so.
    this.#client.on('error', () => undefined);
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

  onApplicationShutdown(): void {
    if (this.#client.isOpen) this.#client.destroy();
  }

  async #ask<T>(question: (redis: ReturnType<typeof createClient>) => Promise<T>): Promise<T> {
    try {
      this.#connecting ??= this.#client.connect();
      if (!this.#client.isReady) await Promise.race([this.#connecting, afterASecond()]);
      return await question(this.#client as ReturnType<typeof createClient>);
    } catch (cause) {
      throw new ServiceUnavailableException('The ledger is away: try again shortly', { cause });
    }
  }
}

function afterASecond(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1_000).unref());
}
