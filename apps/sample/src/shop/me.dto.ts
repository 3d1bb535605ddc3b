import { ApiProperty } from '@nestjs/swagger';
import type { CoinflowSubject } from 'nestjs-coinflow-auth';

export class BalanceDto {
  @ApiProperty({ example: 1_500, description: 'In the smallest unit; 0 before the first payment has settled' })
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

  @ApiProperty({ type: BalanceDto, description: 'What this payer has paid in, as webhooks have told' })
  balance!: BalanceDto;
}
