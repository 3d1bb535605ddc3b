import { OPERATIONS, OPERATION_NAMES, type EmulatorOperation } from './operations.js';
import { findOperation } from './operation-paths.js';

const MAX_SUGGESTIONS = 3;

/**
 * Checks the name of an operation.
 * @param others further names that are valid
 * @throws `RangeError` naming the closest valid names
 */
export function requireOperation<Other extends string = never>(
  name: string,
  others: readonly Other[] = [],
): EmulatorOperation | Other {
  const other = others.find((known) => known === name);
  if (other !== undefined) return other;
  if (Object.hasOwn(OPERATIONS, name)) return name as EmulatorOperation;
  const suggestions = closest(name, [...others, ...OPERATION_NAMES]).map((known) => `"${known}"`);
  throw new RangeError(
    `"${name}" is not an operation of Coinflow. Did you mean ${suggestions.join(' or ')}? ` +
      'Pass the method and the template of the path below /api, such as "POST /checkout/card/{merchantId}".',
  );
}

/** The operation of a path that is filled in, or else the names with the smallest distance. */
function closest(name: string, names: readonly string[]): string[] {
  const [, method = '', path = ''] = /^(\w+) +(?:\/api(?=\/))?(\S+)$/.exec(name) ?? [];
  const matched = findOperation(method.toUpperCase(), path);
  if (matched) return [matched.operation];
  return names
    .map((known) => ({ known, distance: editDistance(name, known) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, MAX_SUGGESTIONS)
    .map(({ known }) => known);
}

/** The number of characters to insert, remove or replace (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, char] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (char === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
