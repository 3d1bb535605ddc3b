import { cpus, loadavg } from 'node:os';

/** The machine and its load at the start. */
export function describeMachine(): string {
  const [model] = cpus();
  const [load = 0] = loadavg();
  return `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${model?.model ?? 'unknown'}), Node ${process.versions.node}, load ${load.toFixed(2)}`;
}
