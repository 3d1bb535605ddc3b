import { Type } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import type { CoinflowBlockchain } from 'nestjs-coinflow-auth';
import type { CheckoutCondition, DemoWebhook, EmulatorChange, EmulatorCondition, InvalidKeyKind } from './demo-api.js';

const DAY_SECONDS = 86_400;
const CONDITIONS: readonly EmulatorCondition[] = ['healthy', 'outage', 'slow', 'rate-limited', 'unresponsive'];
const CHECKOUT_CONDITIONS: readonly CheckoutCondition[] = ['healthy', 'response-lost', 'user-blocked'];
const KEY_KINDS: readonly InvalidKeyKind[] = ['foreign', 'expired'];
const WEBHOOK_KINDS: readonly DemoWebhook['kind'][] = ['settled', 'duplicate', 'forged'];

export class EmulatorChangeDto implements EmulatorChange {
  @IsOptional()
  @IsIn(CONDITIONS)
  condition?: EmulatorCondition;

  @IsOptional()
  @IsIn(CHECKOUT_CONDITIONS)
  checkout?: CheckoutCondition;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(DAY_SECONDS)
  lifetimeSeconds?: number;

  @IsOptional()
  @IsInt()
  @Min(-DAY_SECONDS * 1_000)
  @Max(DAY_SECONDS * 1_000)
  clockOffsetMs?: number;
}

export class KeyRequestDto {
  @IsIn(KEY_KINDS)
  kind!: InvalidKeyKind;
}

export class SubjectDto {
  @IsIn(['user', 'wallet'])
  kind!: 'user' | 'wallet';

  @ValidateIf(({ kind }: SubjectDto) => kind === 'user')
  @IsString()
  @IsNotEmpty()
  @MaxLength(256)
  userId?: string;

  @ValidateIf(({ kind }: SubjectDto) => kind === 'wallet')
  @IsString()
  @IsNotEmpty()
  @MaxLength(256)
  wallet?: string;

  @ValidateIf(({ kind }: SubjectDto) => kind === 'wallet')
  @IsString()
  @MaxLength(32)
  blockchain?: CoinflowBlockchain;
}

export class WebhookRequestDto {
  @IsIn(WEBHOOK_KINDS)
  kind!: DemoWebhook['kind'];

  @IsObject()
  @ValidateNested()
  @Type(() => SubjectDto)
  subject!: SubjectDto;
}
