/** The checks in the order of the output. The ids are stable, for scripts that read `--json`. */
export const CHECK_TITLES = {
  node: 'Node.js',
  package: 'Package',
  peers: 'Peers',
  'nest-versions': 'NestJS versions',
  variables: 'Variables',
  'unknown-variables': 'Unknown variables',
  'base-url': 'Base URL',
  coinflow: 'Coinflow',
  clock: 'Clock',
  'api-key': 'API key',
  redis: 'Redis',
  'redis-shared-store': 'Redis, shared store',
  'redis-deliveries': 'Redis, deliveries',
  'redis-eviction': 'Redis, eviction',
  'webhook-route': 'Webhook route',
} as const;

export type CheckId = keyof typeof CHECK_TITLES;

/** `warning`: works, or could not be decided. `skipped`: was not checked. Only `failed` sets the exit code. */
export type CheckStatus = 'ok' | 'warning' | 'failed' | 'skipped';

/** The result of one check. It contains no secret. */
export interface CheckResult {
  readonly id: CheckId;
  readonly status: CheckStatus;
  /** What was found. */
  readonly found: string;
  /** What to do, a line for each step. */
  readonly advice: readonly string[];
}

/** What the checks work on. */
export interface DoctorInput {
  /** The folder of the application. */
  readonly cwd: string;
  /** The environment with the variables of the `.env` file. */
  readonly env: NodeJS.ProcessEnv;
  readonly redisUrl: string | undefined;
  readonly redisPrefix: string | undefined;
  readonly webhookUrl: string | undefined;
}

export function result(id: CheckId, status: CheckStatus, found: string, ...advice: string[]): CheckResult {
  return { id, status, found, advice };
}

export function ok(id: CheckId, found: string): CheckResult {
  return result(id, 'ok', found);
}

export function failed(id: CheckId, found: string, ...advice: string[]): CheckResult {
  return result(id, 'failed', found, ...advice);
}
