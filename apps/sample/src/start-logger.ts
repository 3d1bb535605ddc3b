import { ConsoleLogger } from '@nestjs/common';

/** Who tells of each module and route when the application starts. */
const AT_START = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/** Leaves out what Nest logs about each module and route at the start. Warnings and errors stay. */
export class StartLogger extends ConsoleLogger {
  override log(message: unknown, ...rest: unknown[]): void {
    if (!AT_START.has(String(rest.at(-1)))) super.log(message, ...(rest as [string?]));
  }
}
