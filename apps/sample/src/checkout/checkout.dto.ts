import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional, type ApiPropertyOptions } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsEmail,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { HasNoCardNumber } from './card-number.js';

const MAX_LENGTH = 200;

/** A required text. Users type card numbers into any field. */
function Text(options: ApiPropertyOptions): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ maxLength: MAX_LENGTH, ...options }),
    IsString(),
    IsNotEmpty(),
    MaxLength(MAX_LENGTH),
    HasNoCardNumber(),
  );
}

export class CardDto {
  @Text({
    example: '424242DEMO4242',
    description: 'The token that Coinflow has created for the card. Never its number.',
  })
  @Matches(/[a-z]/i, { message: '$property must be the token of a card, not its number' })
  cardToken!: string;

  @Text({ example: '12' })
  @Matches(/^(?:0[1-9]|1[0-2])$/, { message: '$property must be a month from 01 to 12' })
  expMonth!: string;

  @Text({ example: '34' })
  @Matches(/^\d{2}$/, { message: '$property must be the last two digits of a year' })
  expYear!: string;

  @Text({ example: 'alice@example.com' })
  @IsEmail()
  email!: string;

  @Text({ example: 'Alice' })
  firstName!: string;

  @Text({ example: 'Doe' })
  lastName!: string;

  @Text({ example: '1 Main Street' })
  address1!: string;

  @Text({ example: 'New York' })
  city!: string;

  @Text({ example: '10001' })
  zip!: string;

  @Text({ example: 'NY' })
  state!: string;

  @Text({ example: 'US' })
  country!: string;
}

export class CheckoutDto {
  @ApiProperty({ example: 500, minimum: 100, maximum: 100_000, description: 'In US cents' })
  @IsInt()
  @Min(100)
  @Max(100_000)
  cents!: number;

  @ApiProperty({ type: CardDto })
  @IsObject()
  @ValidateNested()
  @Type(() => CardDto)
  card!: CardDto;

  @ApiPropertyOptional({ format: 'uuid', description: 'The transactionId of the completed challenge' })
  @IsOptional()
  @IsUUID()
  challengeId?: string;

  @ApiPropertyOptional({
    maxLength: MAX_LENGTH,
    description: "The device id that Coinflow's script in the browser creates",
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_LENGTH)
  @HasNoCardNumber()
  deviceId?: string;
}

export class PaymentDto {
  @ApiProperty({ description: 'The id of the payment, as in its webhook' })
  paymentId!: string;
}

/** A 3-D Secure challenge: post `creq` to `url` in a frame, and repeat the checkout with `transactionId` as `challengeId`. */
export class ChallengeDto {
  @ApiProperty()
  transactionId!: string;

  @ApiProperty({ description: "The page of the card's bank" })
  url!: string;

  @ApiProperty()
  creq!: string;
}

export class CheckoutRefusalDto {
  @ApiProperty({ example: 412 })
  statusCode!: number;

  @ApiProperty({ example: 'A challenge is required.' })
  message!: string;

  @ApiProperty({ example: 'COINFLOW_API_ERROR' })
  code!: string;

  @ApiProperty({ example: 'challenge-required' })
  reason!: string;

  @ApiPropertyOptional({ type: ChallengeDto, description: 'With the status 412' })
  challenge?: ChallengeDto;
}
