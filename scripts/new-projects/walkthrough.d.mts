/** What a reader does: write a file, run a command, start a server, or look at what a server prints. */
export interface Step {
  readonly kind: 'file' | 'command' | 'server' | 'log';
  readonly path?: string;
  readonly text?: string;
  readonly command?: string;
  readonly output?: string;
}

export function readWalkthrough(page: string): Step[];
export function isShown(actual: string, shown: string, options?: { toTheEnd?: boolean }): boolean;
