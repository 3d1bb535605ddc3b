/**
 * How much a test tries: little in `npm test`, more in `npm run test:full`, and as much as you like by its environment
 * variable. `npm run test:full` runs every suite that uses this.
 */
export function amount(variable: string, { quick, full }: { quick: number; full: number }): number {
  const given = process.env[variable];
  if (given !== undefined) return Number(given);
  return process.env.TEST_FULL === 'true' ? full : quick;
}
