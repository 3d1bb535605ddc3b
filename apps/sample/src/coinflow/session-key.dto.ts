import { ApiProperty } from '@nestjs/swagger';
import type { CoinflowSession } from 'nestjs-coinflow-auth';

export class SessionKeyDto {
  @ApiProperty({ description: 'For Coinflow and its widgets; this API takes it too' })
  key!: string;

  @ApiProperty({
    type: String,
    description: 'For this API, in the header x-coinflow-auth-session-key: recognised without asking Coinflow',
  })
  attestedKey!: string | undefined;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expiresAt!: Date | null;

  static of({ key, attestedKey, expiresAt }: CoinflowSession): SessionKeyDto {
    return { key, attestedKey, expiresAt };
  }
}
