import { Inject } from '@nestjs/common';
import { instanceToken } from '../options/tokens.js';

/**
 * Injects the `CoinflowAuthService` of a named instance, or of the unnamed instance when `name` is omitted.
 *
 * For the unnamed instance you can inject the class instead, unless one process has two copies of the package (an ESM and a
 * CommonJS one). Each copy has its own class, but both use the same injection token.
 * @example
 * constructor(@InjectCoinflowAuth('eu') private readonly coinflow: CoinflowAuthService) {}
 */
export function InjectCoinflowAuth(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(instanceToken('service', name));
}

/** Injects the `CoinflowWebhooks` of a named instance, or of the unnamed instance when `name` is omitted. */
export function InjectCoinflowWebhooks(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(instanceToken('webhooks', name));
}
