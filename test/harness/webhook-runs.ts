import { createInterface } from 'node:readline';
import type { ListeningProcess } from './listening-process.js';

/** In milliseconds, by a clock that all processes of a machine share. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

/** What test/processes/failover-process.mjs records of a run. */
interface RunLine {
  readonly kind: 'claimed' | 'started' | 'renewed' | 'lost' | 'ended';
  readonly group: string;
  readonly event: string;
  readonly fence: number;
  readonly at: number;
}

/** One run of one event in one consumer. */
export interface Run {
  readonly group: string;
  readonly event: string;
  startedAt: number;
  /** When its signal was aborted. */
  lostAt: number | undefined;
  endedAt: number;
  /** When the claim was sent, and each renewal that succeeded. */
  readonly confirmedAt: number[];
}

/** The runs of all replicas. */
export class WebhookRuns {
  readonly #runs = new Map<string, Run>();

  constructor(replicas: readonly ListeningProcess[]) {
    for (const [index, { child }] of replicas.entries()) {
      if (!child.stdout) throw new Error('The process has no standard output');
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('{')) this.#read(index, JSON.parse(line) as RunLine);
      });
    }
  }

  of(group: string): Run[] {
    return Array.from(this.#runs.values()).filter((run) => run.group === group);
  }

  clear(): void {
    this.#runs.clear();
  }

  #read(replica: number, { kind, group, event, fence, at }: RunLine): void {
    const key = `${replica} ${group} ${fence}`;
    const run = this.#runs.get(key);
    if (kind === 'claimed') {
      const endless = { startedAt: Infinity, lostAt: undefined, endedAt: Infinity };
      this.#runs.set(key, { group, event, confirmedAt: [at], ...endless });
    } else if (run && kind === 'renewed') run.confirmedAt.push(at);
    else if (run) run[`${kind}At` as 'startedAt' | 'lostAt' | 'endedAt'] = at;
  }
}

/** Pairs of runs of one event in one consumer, where the second began before the first ended. */
export function overlapsOf(runs: readonly Run[]): [first: Run, second: Run][] {
  const inOrder = runs.toSorted((one, other) => one.startedAt - other.startedAt);
  return inOrder.flatMap((first, index) =>
    inOrder
      .slice(index + 1)
      .filter(({ event, startedAt }) => event === first.event && startedAt < first.endedAt)
      .map((second): [Run, Run] => [first, second]),
  );
}

/**
 * Whether the second of two runs that overlap began while the first still had its lease. It had lost it when its signal was
 * aborted; or when the primary was killed that had granted it, and no other server has confirmed it since.
 * @param killedAt when the primary was killed; `undefined` where a failover loses no write
 */
export function isDuringLease([first, second]: [Run, Run], killedAt?: number): boolean {
  if (first.lostAt !== undefined && first.lostAt <= second.startedAt) return false;
  const confirmedAt = Math.max(...first.confirmedAt.filter((at) => at <= second.startedAt));
  return killedAt === undefined || confirmedAt > killedAt;
}
