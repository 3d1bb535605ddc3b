import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { CoinflowAuth, CurrentSession, type CoinflowSession } from 'nestjs-coinflow-auth';
import { CURRENCY, Ledger } from '../ledger/ledger.js';
import { idOf } from '../ledger/users.js';
import { MeDto } from './me.dto.js';

@ApiTags('3. Use the session key')
@Controller('me')
export class MeController {
  constructor(private readonly ledger: Ledger) {}

  /** Who the session key says that you are, and what you have paid in. */
  @Get()
  @CoinflowAuth()
  @ApiOkResponse({ type: MeDto })
  async me(@CurrentSession() { subject, merchantId, expiresAt }: CoinflowSession): Promise<MeDto> {
    const cents = subject ? await this.ledger.balance(idOf(subject)) : 0;
    return { subject, merchantId, expiresAt, balance: { cents, currency: CURRENCY } };
  }
}
