import { BadGatewayException, Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { DemoKeyKind } from '../demo-api.js';
import { Emulator } from './emulator.js';

const HOUR_SECONDS = 3_600;

/** Session keys with a good signature that must be refused all the same. */
@Injectable()
export class OddKeys {
  constructor(
    private readonly emulator: Emulator,
    private readonly config: ConfigService,
  ) {}

  async make(kind: DemoKeyKind): Promise<string> {
    const own = this.config.get<string>('COINFLOW_MERCHANT_ID');
    const { merchants } = await this.emulator.state();
    const claims = {
      customerId: 'alice',
      merchantId: kind === 'foreign' ? (merchants.find((id) => id !== own) ?? 'other-merchant') : own,
      ...(kind === 'expired' && expiredAnHourAgo()),
    };
    const answer = await this.emulator.tell('session-keys', { claims });
    if (hasKey(answer)) return answer.key;
    throw new BadGatewayException('The emulator has made no key');
  }
}

/** By this machine's clock, which is the one that decides here. */
function expiredAnHourAgo(): { iat: number; exp: number } {
  const exp = Math.floor(Date.now() / 1_000) - HOUR_SECONDS;
  return { iat: exp - 24 * HOUR_SECONDS, exp };
}

function hasKey(answer: unknown): answer is { key: string } {
  return typeof answer === 'object' && answer !== null && 'key' in answer && typeof answer.key === 'string';
}
