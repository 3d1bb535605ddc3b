import { plainToInstance, Type } from 'class-transformer';
import { IsArray, IsBoolean, IsInt, IsOptional, IsString, ValidateNested, validateSync } from 'class-validator';
import type { CheckoutCondition, EmulatorCondition, EmulatorSettings } from '../demo-api.js';

/** The operation of Coinflow that charges a card. */
export const CHECKOUT = 'POST /checkout/card/{merchantId}';

const USER_BLOCKED = 423;

/** The fault that produces each condition; `healthy` has none. */
export const FAULTS = {
  outage: { kind: 'status', status: 503 },
  slow: { kind: 'delay', ms: 1_000 },
  'rate-limited': { kind: 'rate-limited', afterSeconds: 5 },
  unresponsive: { kind: 'hang' },
} as const satisfies Record<Exclude<EmulatorCondition, 'healthy'>, object>;

/** The card is charged, and the response does not arrive. */
export const RESPONSE_LOST = { kind: 'reset', afterProcessing: true } as const;

/** The response of Coinflow to a user whom the merchant has blocked. */
export const BLOCKED = { operation: CHECKOUT, status: USER_BLOCKED, body: { message: 'Customer is blocked' } } as const;

const CONDITION_OF_FAULT = new Map<string, EmulatorCondition>([
  ['delay', 'slow'],
  ['rate-limited', 'rate-limited'],
  ['hang', 'unresponsive'],
]);

class Clock {
  @IsInt()
  offsetMs!: number;
}

class Issuance {
  @IsInt()
  lifetimeSeconds!: number;
}

class Fault {
  @IsString()
  endpoint!: string;

  @IsString()
  kind!: string;

  @IsOptional()
  @IsBoolean()
  afterProcessing?: boolean;
}

class CannedResponse {
  @IsString()
  operation!: string;

  @IsInt()
  status!: number;
}

class Attempt {
  @IsString()
  body!: string;

  /** Absent if there was no response. */
  @IsOptional()
  @IsInt()
  status?: number;
}

class Webhooks {
  @IsArray()
  endpoints!: unknown[];

  @ValidateNested({ each: true })
  @Type(() => Attempt)
  attempts!: Attempt[];
}

/** The part of the emulator's state that the page needs. */
export class EmulatorState {
  @IsString({ each: true })
  merchants!: string[];

  @ValidateNested()
  @Type(() => Clock)
  clock!: Clock;

  @ValidateNested()
  @Type(() => Issuance)
  issuance!: Issuance;

  @ValidateNested({ each: true })
  @Type(() => Fault)
  faults!: Fault[];

  @ValidateNested({ each: true })
  @Type(() => CannedResponse)
  responses!: CannedResponse[];

  @ValidateNested()
  @Type(() => Webhooks)
  webhooks!: Webhooks;

  /** @returns `undefined` if the body is not the state of an emulator */
  static read(body: unknown): EmulatorState | undefined {
    if (typeof body !== 'object' || body === null) return undefined;
    const state = plainToInstance(EmulatorState, body);
    return validateSync(state).length === 0 ? state : undefined;
  }

  get settings(): EmulatorSettings {
    const fault = this.faults.find(({ endpoint }) => endpoint === 'verify');
    return {
      condition: fault ? (CONDITION_OF_FAULT.get(fault.kind) ?? 'outage') : 'healthy',
      checkout: this.#checkout,
      lifetimeSeconds: this.issuance.lifetimeSeconds,
      clockOffsetMs: this.clock.offsetMs,
    };
  }

  get #checkout(): CheckoutCondition {
    if (this.faults.some(({ endpoint, afterProcessing }) => endpoint === CHECKOUT && afterProcessing)) {
      return 'response-lost';
    }
    const isBlocked = this.responses.some(({ operation, status }) => operation === CHECKOUT && status === USER_BLOCKED);
    return isBlocked ? 'user-blocked' : 'healthy';
  }
}
