import { ApiProperty } from '@nestjs/swagger';
import { IsISO4217CurrencyCode, IsInt, Max, Min } from 'class-validator';

export class PayoutDto {
  @ApiProperty({ example: 1_500, minimum: 1, maximum: 1_000_000 })
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  cents!: number;

  @ApiProperty({ example: 'USD' })
  @IsISO4217CurrencyCode()
  currency!: string;
}

export class PayoutReceiptDto extends PayoutDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ type: Object, example: { kind: 'user', userId: 'alice' } })
  to!: object | null;
}
