import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Below `dist/apps/sample`, where the compiled sample is, and the project with the sources: each four floors up. */
const ABOVE = join(import.meta.dirname, '..', '..', '..', '..');

/** Where Vite puts the page: seen from the compiled sample, and from its TypeScript. */
export function pageFolder(): string {
  const fromDist = join(ABOVE, 'web');
  return existsSync(fromDist) ? fromDist : join(ABOVE, 'dist', 'apps', 'sample', 'web');
}
