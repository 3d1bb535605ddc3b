import { BadGatewayException, Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { InvalidKeyKind } from '../demo-api.js';
import { EmulatorControl } from './emulator-control.js';

const HOUR_SECONDS = 3_600;

/** Creates session keys that Coinflow has signed and that the guard must reject. */
@Injectable()
export class InvalidKeys {
  constructor(
    private readonly control: EmulatorControl,
    private readonly config: ConfigService,
  ) {}

  async create(kind: InvalidKeyKind): Promise<string> {
    const own = this.config.get<string>('COINFLOW_MERCHANT_ID');
    const { merchants } = await this.control.state();
    const claims = {
      customerId: 'alice',
      merchantId: kind === 'foreign' ? (merchants.find((id) => id !== own) ?? 'other-merchant') : own,
      ...(kind === 'expired' && expiredAnHourAgo()),
    };
    const created = await this.control.post('session-keys', { claims });
    if (hasKey(created)) return created.key;
    throw new BadGatewayException('The emulator did not create a key.');
  }
}

/** By the clock of this machine, which the guard uses too. */
function expiredAnHourAgo(): { iat: number; exp: number } {
  const exp = Math.floor(Date.now() / 1_000) - HOUR_SECONDS;
  return { iat: exp - 24 * HOUR_SECONDS, exp };
}

function hasKey(body: unknown): body is { key: string } {
  return typeof body === 'object' && body !== null && 'key' in body && typeof body.key === 'string';
}
