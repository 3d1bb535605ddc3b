/** Waits until something is so, ten seconds at most. */
export async function until(isSo: () => unknown): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('It has not come to be so within ten seconds');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
