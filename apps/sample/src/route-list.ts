import type { INestApplicationContext } from '@nestjs/common';
import { describeRoutes } from 'nestjs-coinflow-auth';

/** A table of the access and the policy of every route, for `npm start -- --routes`. */
export function routeList(app: INestApplicationContext): string {
  const rows = describeRoutes(app).map(({ access, policy, kind, route, handler }) => {
    const fields = Object.entries(policy).map(([field, value]) => `${field}: ${String(value)}`);
    return [access, fields.join(', '), kind, route, handler];
  });
  const table = [['access', 'policy', 'kind', 'route', 'handler'], ...rows];
  const widthOf = (column: number): number => Math.max(...table.map((row) => row[column]?.length ?? 0));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widthOf(column)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
