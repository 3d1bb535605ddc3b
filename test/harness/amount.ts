/**
 * The size of the input of a test: small in `npm test`, larger in `npm run test:full`, and any size with its environment
 * variable. `npm run test:full` runs every suite that uses this.
 */
export function amount(variable: string, { quick, full }: { quick: number; full: number }): number {
  const given = process.env[variable];
  if (given !== undefined) return Number(given);
  return process.env.TEST_FULL === 'true' ? full : quick;
}
