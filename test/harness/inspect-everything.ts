import { inspect } from 'node:util';

/** Everything that a logger, a serializer or a debugger can show of a value and of its causes. */
export function inspectEverything(value: unknown): string {
  const shown = [
    inspect(value, { depth: Infinity, showHidden: true, getters: true }),
    JSON.stringify(value),
    String(value),
  ];
  if (!(value instanceof Error)) return shown.join('\n');
  return [...shown, value.stack, value.cause === undefined ? '' : inspectEverything(value.cause)].join('\n');
}
