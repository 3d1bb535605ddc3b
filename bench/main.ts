import { cpus, loadavg } from 'node:os';
import { HELP, readChoices, type Benchmark, type Choices } from './choices.js';
import { measureFlood } from './flood/flood-benchmark.js';
import { measureHttp } from './http/http-benchmark.js';
import { toTable, type Report } from './measuring/report.js';
import { nextMessage, startModule, stopModule } from './measuring/subprocess.js';

/** Enough for a million sessions and their keys. */
const HEAP_FLAG = '--max-old-space-size=3072';

const RUNS: Record<Benchmark, (choices: Choices) => AsyncIterable<Report>> = {
  // The young generation is larger than the garbage of a round, so that none is collected during it.
  added: ({ quick }) =>
    inItsOwnProcess(new URL('./added/added-benchmark.js', import.meta.url), quick, [
      '--expose-gc',
      '--max-semi-space-size=64',
    ]),
  decision: ({ quick }) =>
    inItsOwnProcess(new URL('./decision/decision-benchmark.js', import.meta.url), quick, [HEAP_FLAG]),
  webhooks: ({ quick }) => inItsOwnProcess(new URL('./webhooks/webhook-benchmark.js', import.meta.url), quick, []),
  memory: ({ quick }) =>
    inItsOwnProcess(new URL('./memory/memory-benchmark.js', import.meta.url), quick, [HEAP_FLAG, '--expose-gc']),
  http: measureHttp,
  flood: measureFlood,
};

async function* inItsOwnProcess(module: URL, quick: boolean, flags: string[]): AsyncGenerator<Report> {
  const child = startModule(module, { args: quick ? ['quick'] : [], flags });
  try {
    yield* await nextMessage<Report[]>(child);
  } finally {
    await stopModule(child);
  }
}

/** The machine and its load at the start. */
function describeMachine(): string {
  const [model] = cpus();
  const [load = 0] = loadavg();
  return `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${model?.model ?? 'unknown'}), Node ${process.versions.node}, load ${load.toFixed(2)}`;
}

async function main(): Promise<void> {
  const choices = readChoices(process.argv.slice(2));
  if (choices.help) return console.log(HELP);
  const machine = describeMachine();
  if (!choices.json) console.log(`${machine}${choices.quick ? '; quick, with more noise' : ''}\n`);
  const reports: Report[] = [];
  for (const benchmark of choices.benchmarks) {
    for await (const report of RUNS[benchmark](choices)) {
      if (!choices.json) console.log(toTable(report));
      reports.push(report);
    }
  }
  if (choices.json) console.log(JSON.stringify({ machine, quick: choices.quick, reports }, null, 2));
}

main().catch((error: unknown) => {
  console.error(error instanceof TypeError ? `${error.message}\n\n${HELP}` : error);
  process.exitCode = 1;
});
