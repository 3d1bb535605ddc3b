/**
 * Waits at most ten seconds until a condition is true.
 * @param describe returns the text of the error after ten seconds; by default the source of the condition
 */
export async function until(isSo: () => unknown, describe = (): string => isSo.toString()): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`Not so within ten seconds: ${describe()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
