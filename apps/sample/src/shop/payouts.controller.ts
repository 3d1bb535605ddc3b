import { randomUUID } from 'node:crypto';
import { Body, Controller, Post } from '@nestjs/common';
import { ArgsType, Field, Int } from '@nestjs/graphql';
import { ApiCreatedResponse, ApiProperty, ApiTags } from '@nestjs/swagger';
import { IsISO4217CurrencyCode, IsInt, Max, Min } from 'class-validator';
import { CoinflowAuth, CurrentSession, type CoinflowSubject } from 'nestjs-coinflow-auth';

/** The body of `POST /payouts`, and the arguments of the mutation `createPayout`. */
@ArgsType()
export class PayoutDto {
  @ApiProperty({ example: 1_500, minimum: 1, maximum: 1_000_000 })
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  @Field(() => Int)
  cents!: number;

  @ApiProperty({ example: 'USD' })
  @IsISO4217CurrencyCode()
  @Field()
  currency!: string;
}

export class PayoutReceiptDto extends PayoutDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ type: Object, example: { kind: 'user', userId: 'alice' } })
  to!: object | null;
}

@ApiTags('3. Use the session key')
@Controller('payouts')
export class PayoutsController {
  /** Simulates a payout. `maxAgeMs: 0` verifies the session key with Coinflow on every request, because money moves. */
  @Post()
  @CoinflowAuth({ maxAgeMs: 0 })
  @ApiCreatedResponse({ type: PayoutReceiptDto })
  pay(@Body() payout: PayoutDto, @CurrentSession('subject') to: CoinflowSubject | null): PayoutReceiptDto {
    return createPayout(payout, to);
  }
}

export function createPayout({ cents, currency }: PayoutDto, to: CoinflowSubject | null): PayoutReceiptDto {
  return { id: randomUUID(), cents, currency, to };
}
