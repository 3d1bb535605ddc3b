import { randomUUID } from 'node:crypto';
import { Body, Controller, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiTags } from '@nestjs/swagger';
import { CoinflowAuth, CurrentSession, type CoinflowSubject } from 'nestjs-coinflow-auth';
import { PayoutDto, PayoutReceiptDto } from './payouts.dto.js';

@ApiTags('3. Use the session key')
@Controller('payouts')
export class PayoutsController {
  /** A pretend payout. Money moves, so Coinflow is asked about the session every time. */
  @Post()
  @CoinflowAuth({ maxAgeMs: 0 })
  @ApiCreatedResponse({ type: PayoutReceiptDto })
  pay(@Body() { cents, currency }: PayoutDto, @CurrentSession('subject') to: CoinflowSubject | null): PayoutReceiptDto {
    return { id: randomUUID(), cents, currency, to };
  }
}
