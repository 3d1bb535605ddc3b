import { Controller, Get, Sse, type MessageEvent } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiProperty, ApiTags } from '@nestjs/swagger';
import { CoinflowAuth, CurrentSession, type CoinflowSession, type CoinflowSubject } from 'nestjs-coinflow-auth';
import { map, of, type Observable } from 'rxjs';
import { CURRENCY, Ledger } from '../ledger/ledger.js';
import { LiveBalances } from '../ledger/live-balances.js';
import { idOf } from '../ledger/users.js';

export class BalanceDto {
  @ApiProperty({ example: 1_500, description: 'In cents; 0 before the first payment settles' })
  cents!: number;

  @ApiProperty({ example: 'USD' })
  currency!: string;
}

export class MeDto {
  @ApiProperty({ type: Object, nullable: true, example: { kind: 'user', userId: 'alice' } })
  subject!: CoinflowSubject | null;

  @ApiProperty({ type: String, example: 'demo-merchant' })
  merchantId!: string | undefined;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expiresAt!: Date | null;

  @ApiProperty({ type: BalanceDto, description: 'The sum of the payments that webhooks have reported for this user' })
  balance!: BalanceDto;
}

@ApiTags('3. Use the session key')
@Controller('me')
export class MeController {
  constructor(
    private readonly ledger: Ledger,
    private readonly live: LiveBalances,
  ) {}

  /** Returns the user of the session key and the balance of the user. */
  @Get()
  @CoinflowAuth()
  @ApiOkResponse({ type: MeDto })
  async me(@CurrentSession() { subject, merchantId, expiresAt }: CoinflowSession): Promise<MeDto> {
    const cents = subject ? await this.ledger.balance(idOf(subject)) : 0;
    return { subject, merchantId, expiresAt, balance: { cents, currency: CURRENCY } };
  }

  /** Streams the balance of the user as server-sent events, now and after each change. The stream ends with the session. */
  @Sse('balance')
  @CoinflowAuth()
  @ApiProduces('text/event-stream')
  balance(@CurrentSession('subject') subject: CoinflowSubject | null): Observable<MessageEvent> {
    const balances = subject ? this.live.of(idOf(subject)) : of(0);
    return balances.pipe(
      map((cents) => ({ type: 'balance', data: { cents, currency: CURRENCY } satisfies BalanceDto })),
    );
  }
}
