import { plainToInstance, Type } from 'class-transformer';
import { IsArray, IsInt, IsOptional, IsString, ValidateNested, validateSync } from 'class-validator';
import type { DemoCoinflow, DemoCondition } from '../demo-api.js';

/** How each condition is asked for; `well` is the absence of a fault. */
export const FAULTS = {
  outage: { kind: 'status', status: 503 },
  slow: { kind: 'delay', ms: 1_000 },
  'rate-limited': { kind: 'rate-limited', afterSeconds: 5 },
  silent: { kind: 'hang' },
} as const satisfies Record<Exclude<DemoCondition, 'well'>, object>;

const CONDITION_OF_FAULT = new Map<string, DemoCondition>([
  ['delay', 'slow'],
  ['rate-limited', 'rate-limited'],
  ['hang', 'silent'],
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
}

class Attempt {
  @IsString()
  body!: string;

  /** Not there when nobody answered. */
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

/** What is read of the emulator's state. */
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

  @ValidateNested()
  @Type(() => Webhooks)
  webhooks!: Webhooks;

  /** @returns nothing when it is not an emulator that has answered */
  static read(body: unknown): EmulatorState | undefined {
    if (typeof body !== 'object' || body === null) return undefined;
    const state = plainToInstance(EmulatorState, body);
    return validateSync(state).length === 0 ? state : undefined;
  }

  get coinflow(): DemoCoinflow {
    const fault = this.faults.find(({ endpoint }) => endpoint === 'verify');
    return {
      condition: fault ? (CONDITION_OF_FAULT.get(fault.kind) ?? 'outage') : 'well',
      lifetimeSeconds: this.issuance.lifetimeSeconds,
      clockOffsetMs: this.clock.offsetMs,
    };
  }
}
