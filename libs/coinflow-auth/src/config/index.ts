import { registerAs, type ConfigFactoryKeyHost } from '@nestjs/config';
import type { CoinflowAuthModuleOptions } from '../options/coinflow-auth-options.js';
import { rememberEnvironment } from '../options/environment.js';

/**
 * The module's options from environment variables, for `@nestjs/config`:
 * `COINFLOW_ENV`, `COINFLOW_API_KEY`, `COINFLOW_MERCHANT_ID`, `COINFLOW_BASE_URL`, `COINFLOW_SEAL_KEYS` (separated by
 * commas, newest first), `COINFLOW_CACHE_TTL_MS`, `COINFLOW_STALE_IF_ERROR_MS`,
 * `COINFLOW_VERIFICATIONS_PER_MINUTE`, `COINFLOW_WEBHOOK_VALIDATION_KEY` (several, separated by commas, while it is rotated),
 * `COINFLOW_WEBHOOK_CONSUMER`.
 * An empty variable counts as absent. What is missing or wrong is reported at boot, all of it at once.
 *
 * To add options, spread it: `{ ...environment, cache: { maxEntries: 1_000 } }` keeps what the environment says about the
 * other options of `cache`.
 * @example
 * CoinflowAuthModule.forRootAsync(coinflowAuthConfig.asProvider())
 */
export const coinflowAuthConfig: (() => CoinflowAuthModuleOptions) & ConfigFactoryKeyHost<CoinflowAuthModuleOptions> =
  registerAs('coinflow', (): CoinflowAuthModuleOptions => {
    const webhookKeys = variable('COINFLOW_WEBHOOK_VALIDATION_KEY');
    return rememberEnvironment({
      // What is absent or no such value is reported by the module, in one error and by its variable's name.
      env: variable('COINFLOW_ENV') as CoinflowAuthModuleOptions['env'],
      apiKey: variable('COINFLOW_API_KEY') as string,
      merchantId: variable('COINFLOW_MERCHANT_ID') as string,
      baseUrl: variable('COINFLOW_BASE_URL'),
      sealKeys: variable('COINFLOW_SEAL_KEYS')?.split(/\s*,\s*/),
      cache: { ttlMs: number('COINFLOW_CACHE_TTL_MS'), staleIfErrorMs: number('COINFLOW_STALE_IF_ERROR_MS') },
      budget: { verificationsPerMinute: number('COINFLOW_VERIFICATIONS_PER_MINUTE') },
      webhook:
        webhookKeys === undefined
          ? undefined
          : { keys: webhookKeys.split(/\s*,\s*/), consumer: variable('COINFLOW_WEBHOOK_CONSUMER') },
    });
  });

function variable(name: string): string | undefined {
  return process.env[name]?.trim() || undefined;
}

function number(name: string): number | undefined {
  const value = variable(name);
  return value === undefined ? undefined : Number(value);
}
