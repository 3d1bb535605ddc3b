import { Inject } from '@nestjs/common';
import { coinflowAuthServiceToken } from '../options/tokens.js';

/**
 * Injects the `CoinflowAuthService` of a named instance, or without a name that of the unnamed one.
 *
 * For the unnamed one the class does the same, unless two copies of the package are in one process (an ESM and a CommonJS
 * one): there are two classes then, but one token.
 * @example
 * constructor(@InjectCoinflowAuth('eu') private readonly coinflow: CoinflowAuthService) {}
 */
export function InjectCoinflowAuth(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(coinflowAuthServiceToken(name));
}
