import { CHECK_TITLES, type CheckResult, type CheckStatus } from './check-result.js';

const COLOURS: Record<CheckStatus, number> = { ok: 32, warning: 33, failed: 31, skipped: 90 };
const STATUS_WIDTH = Math.max(...Object.keys(COLOURS).map(({ length }) => length));
const TITLE_WIDTH = Math.max(...Object.values(CHECK_TITLES).map(({ length }) => length));
const REDACTED = '[redacted]';
/** A shorter secret would also remove parts of words. */
const MIN_SECRET_LENGTH = 6;

/** Text for people: a line for each check, and indented advice. */
export function toText(results: readonly CheckResult[], hasColour: boolean): string {
  const lines = results.flatMap(({ id, status, found, advice }) => [
    `${coloured(status, hasColour)}  ${CHECK_TITLES[id].padEnd(TITLE_WIDTH)}  ${found}`,
    ...advice.map((line) => `${' '.repeat(STATUS_WIDTH + TITLE_WIDTH + 4)}${line}`),
  ]);
  return [...lines, '', summary(results)].join('\n');
}

function coloured(status: CheckStatus, hasColour: boolean): string {
  const text = status.padEnd(STATUS_WIDTH);
  return hasColour ? `\u001B[${COLOURS[status]}m${text}\u001B[0m` : text;
}

function summary(results: readonly CheckResult[]): string {
  const statuses = Object.keys(COLOURS) as CheckStatus[];
  return statuses.map((status) => `${results.filter((one) => one.status === status).length} ${status}`).join(', ');
}

/** One JSON object. */
export function toJson(results: readonly CheckResult[], version: string): string {
  return JSON.stringify({ version, ok: !hasFailed(results), checks: results }, null, 2);
}

export function hasFailed(results: readonly CheckResult[]): boolean {
  return results.some(({ status }) => status === 'failed');
}

/**
 * Removes secrets that a message of another program may repeat. The checks themselves print none.
 * @param secrets the values, of which short ones are ignored
 */
export function withoutSecrets(results: readonly CheckResult[], secrets: readonly string[]): CheckResult[] {
  const long = secrets.filter(({ length }) => length >= MIN_SECRET_LENGTH);
  const clean = (text: string): string => long.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
  return results.map((one) => ({ ...one, found: clean(one.found), advice: one.advice.map(clean) }));
}
