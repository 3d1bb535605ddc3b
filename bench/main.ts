import { cpus, loadavg } from 'node:os';
import { HELP, readChoices, type Benchmark, type Choices } from './choices.js';
import { measureFlood } from './flood/flood-benchmark.js';
import { measureHttp } from './http/http-benchmark.js';
import { toTable, type Report } from './measuring/report.js';
import { nextMessage, startModule, stopModule } from './measuring/subprocess.js';

/** Enough for a million sessions and their keys. */
const HEAP_FLAG = '--max-old-space-size=3072';

const RUNS: Record<Benchmark, (choices: Choices) => AsyncIterable<Report>> = {
  added: ({ quick }) => addedByEachVariant(quick),
  checkouts: ({ quick }) =>
    inItsOwnProcess(new URL('./checkouts/checkouts-benchmark.js', import.meta.url), quick, [
      '--expose-gc',
      '--max-semi-space-size=64',
    ]),
  graphql: ({ quick }) =>
    inItsOwnProcess(new URL('./graphql/graphql-benchmark.js', import.meta.url), quick, ['--expose-gc']),
  decision: ({ quick }) =>
    inItsOwnProcess(new URL('./decision/decision-benchmark.js', import.meta.url), quick, [HEAP_FLAG]),
  webhooks: ({ quick }) => inItsOwnProcess(new URL('./webhooks/webhook-benchmark.js', import.meta.url), quick, []),
  memory: ({ quick }) =>
    inItsOwnProcess(new URL('./memory/memory-benchmark.js', import.meta.url), quick, [HEAP_FLAG, '--expose-gc']),
  connections: ({ quick }) =>
    inItsOwnProcess(new URL('./connections/connections-benchmark.js', import.meta.url), quick, [
      '--expose-gc',
      '--max-semi-space-size=64',
    ]),
  http: measureHttp,
  flood: measureFlood,
};

/** Four variants of this package, each in a process with the applications that it is compared with. */
async function* addedByEachVariant(quick: boolean): AsyncGenerator<Report> {
  // The young generation is larger than the garbage of a round, so that none is collected during it.
  const flags = ['--expose-gc', '--max-semi-space-size=64'];
  const module = new URL('./added/added-benchmark.js', import.meta.url);
  for (const variant of ['0', '1', '2', '3']) yield* inItsOwnProcess(module, quick, flags, [variant]);
}

async function* inItsOwnProcess(
  module: URL,
  quick: boolean,
  flags: string[],
  args: string[] = [],
): AsyncGenerator<Report> {
  const child = startModule(module, { args: quick ? ['quick', ...args] : args, flags });
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
