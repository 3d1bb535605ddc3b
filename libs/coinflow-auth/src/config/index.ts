/**
 * The options from environment variables. Needs `@nestjs/config`.
 * @module nestjs-coinflow-auth/config
 */
import { registerAs, type ConfigFactoryKeyHost } from '@nestjs/config';
import type { CoinflowAuthModuleOptions } from '../options/coinflow-auth-options.js';
import { optionsFromEnvironment } from '../options/environment-variables.js';

/**
 * The options of the module from environment variables, for `@nestjs/config`. `docs/reference/configuration.md` lists the variable of each
 * option, such as `COINFLOW_API_KEY`. In a list, separate the values with commas. An empty variable counts as not set. Missing
 * and invalid values are reported together at startup.
 *
 * To add options, spread the configuration: `{ ...environment, cache: { maxEntries: 1_000 } }` keeps the other options of `cache`
 * from the environment.
 * @example
 * CoinflowAuthModule.forRootAsync(coinflowAuthConfig.asProvider())
 */
export const coinflowAuthConfig: (() => CoinflowAuthModuleOptions) & ConfigFactoryKeyHost<CoinflowAuthModuleOptions> =
  registerAs('coinflow', () => optionsFromEnvironment());
