import { spreadOf, type Spread } from './statistics.js';

/** Something that is timed, many times over. */
export interface Case<Input> {
  readonly name: string;
  /** Makes the inputs of one batch; not timed. */
  readonly prepare: (count: number) => Input[];
  /** What is timed. Its result must be seen by somebody, or the engine leaves it out. */
  readonly run: (input: Input) => unknown;
}

export interface BatchOptions {
  readonly batches: number;
  readonly batchSize: number;
}

/** How long one run takes, and how that relates to a case of the same batch. */
export interface Timing {
  readonly name: string;
  readonly ns: Spread;
  readonly nsOfEachBatch: readonly number[];
}

/** Batches of all cases in turns, forwards and backwards, so that what the machine does beside falls on each of them. */
export function timeBatches<Input>(cases: readonly Case<Input>[], { batches, batchSize }: BatchOptions): Timing[] {
  const found = new Map<Case<Input>, number[]>(cases.map((one) => [one, []]));
  const warmUp = Math.ceil(batches / 5);
  for (let batch = -warmUp; batch < batches; batch += 1) {
    for (const one of batch % 2 === 0 ? cases : cases.toReversed()) {
      const ns = timeBatch(one, batchSize);
      if (batch >= 0) found.get(one)?.push(ns);
    }
  }
  return Array.from(found, ([{ name }, ns]) => ({ name, ns: spreadOf(ns), nsOfEachBatch: ns }));
}

let seen: unknown;

function timeBatch<Input>({ name, prepare, run }: Case<Input>, size: number): number {
  const inputs = prepare(size);
  const startedAt = process.hrtime.bigint();
  for (const input of inputs) seen = run(input);
  const ns = Number(process.hrtime.bigint() - startedAt) / size;
  if (seen instanceof Promise) throw new Error(`${name}: a promise, so this was not decided at once`);
  return ns;
}
