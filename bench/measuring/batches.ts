import { spreadOf, type Spread } from './statistics.js';

/** A function that is timed repeatedly. */
export interface Case<Input> {
  readonly name: string;
  /** Creates the inputs of one batch. Not timed. */
  readonly prepare: (count: number) => Input[];
  /** The timed function. Its result is used, because the engine would remove the call otherwise. */
  readonly run: (input: Input) => unknown;
}

export interface BatchOptions {
  readonly batches: number;
  readonly batchSize: number;
}

/** The time of one run and its ratio to another case of the same batch. */
export interface Timing {
  readonly name: string;
  readonly ns: Spread;
  readonly nsOfEachBatch: readonly number[];
}

/** Runs batches of all cases in turn, forwards and backwards, so that other load of the machine affects all cases. */
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
  if (seen instanceof Promise) throw new Error(`${name} returned a promise. It must decide synchronously.`);
  return ns;
}
