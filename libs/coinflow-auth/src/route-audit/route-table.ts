import type { CoinflowRouteDescription } from './describe-handlers.js';

const COLUMNS = ['handler', 'kind', 'route', 'problem'] as const satisfies (keyof CoinflowRouteDescription)[];

/** An aligned table of handlers, indented by two characters. */
export function routeTable(routes: readonly CoinflowRouteDescription[]): string {
  const rows = [COLUMNS, ...routes.map((route) => COLUMNS.map((column) => route[column] ?? ''))];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}
