import { ApiProperty } from '@nestjs/swagger';

export class SessionKeyDto {
  @ApiProperty({ description: 'For Coinflow’s widgets, and for this API in the header x-coinflow-auth-session-key' })
  key!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expiresAt!: Date | null;
}
