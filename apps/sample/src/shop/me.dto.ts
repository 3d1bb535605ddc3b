import { ApiProperty } from '@nestjs/swagger';
import type { CoinflowSubject } from 'nestjs-coinflow-auth';

export class MeDto {
  @ApiProperty({ type: Object, nullable: true, example: { kind: 'user', userId: 'alice' } })
  subject!: CoinflowSubject | null;

  @ApiProperty({ type: String, example: 'demo-merchant' })
  merchantId!: string | undefined;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expiresAt!: Date | null;
}
