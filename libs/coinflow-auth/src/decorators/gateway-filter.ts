import type { ModulesContainer } from '@nestjs/core';
import { CoinflowAuthExceptionFilter } from '../contexts/exception.filter.js';
import { gatewaysOf, setLastFilter } from '../util/nest-metadata.js';

/**
 * Adds the filter to every gateway, because Nest applies no global filters to gateways. Without it an error of the service would
 * reach the client as "Internal server error", with the payload of its message.
 */
export function addFilterToGateways(modules: ModulesContainer): void {
  const filter = new CoinflowAuthExceptionFilter();
  for (const gateway of gatewaysOf(modules)) setLastFilter(gateway, filter);
}
