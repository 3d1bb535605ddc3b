import type { ConfigService } from '@nestjs/config';

/** Who can log in; the README names them too. */
export const DEMO_USERS = [
  { username: 'alice', password: 'alice-demo' },
  { username: 'bob', password: 'bob-demo' },
] as const;

/** Everybody knows their passwords: they are off where there is real money, unless that is what is wanted. */
export function hasDemoUsers(config: ConfigService): boolean {
  return config.get('COINFLOW_ENV') !== 'prod' || config.get('SAMPLE_ALLOW_DEMO_LOGIN') === '1';
}
