import { Inject } from '@nestjs/common';
import { COINFLOW_AUTH_SERVICE } from '../options/tokens.js';

/**
 * Injects the `CoinflowAuthService`. Injecting it by its class does the same, unless two copies of the package are in one
 * process (an ESM and a CommonJS one): there are two classes then, but one token.
 * @example
 * constructor(@InjectCoinflowAuth() private readonly coinflow: CoinflowAuthService) {}
 */
export function InjectCoinflowAuth(): PropertyDecorator & ParameterDecorator {
  return Inject(COINFLOW_AUTH_SERVICE);
}
