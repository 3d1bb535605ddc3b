import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const root = new URL('../..', import.meta.url).pathname;

/** Programs that only record their arguments. */
const RECORDER = `require('node:fs').appendFileSync(process.env.RECORD, process.argv.slice(2).join(' ') + '\\n');\n`;
const NEST = 'node_modules/@nestjs/cli/bin/nest.js';
const VITE = 'node_modules/vite/bin/vite.js';

/** A small clone with the scripts of this repository, in which `npm`, Nest's CLI and Vite only record their calls. */
export class Clone {
  private constructor(
    private readonly workplace: string,
    readonly folder: string,
  ) {}

  static async create(): Promise<Clone> {
    const workplace = await mkdtemp(join(tmpdir(), 'clone-'));
    const clone = new Clone(workplace, join(workplace, 'first'));
    await cp(join(root, 'scripts'), join(clone.folder, 'scripts'), { recursive: true });
    await clone.write('package-lock.json', '{}');
    await clone.write('apps/main.ts', 'one');
    await clone.write('libs/index.ts', '');
    await clone.write(NEST, RECORDER);
    await clone.write(VITE, RECORDER);
    await mkdir(join(workplace, 'bin'));
    await writeFile(join(workplace, 'bin', 'npm'), '#!/bin/sh\necho "npm $*" >> "$RECORD"\nmkdir -p node_modules\n');
    await chmod(join(workplace, 'bin', 'npm'), 0o755);
    return clone;
  }

  async copy(): Promise<Clone> {
    const folder = join(this.workplace, 'copy');
    await cp(this.folder, folder, { recursive: true, verbatimSymlinks: true });
    return new Clone(this.workplace, folder);
  }

  async write(file: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.folder, file)), { recursive: true });
    await writeFile(join(this.folder, file), text);
  }

  /** Runs a function of `set-up.mjs`. @returns its exit code, its output and the recorded commands */
  async run(
    name: 'install' | 'build',
    folder = '',
  ): Promise<{ code: number | null; output: string; commands: string[] }> {
    const record = join(this.workplace, 'record');
    await writeFile(record, '');
    const script = `import(process.cwd() + '/scripts/set-up.mjs').then((setUp) => setUp.${name}('${folder}'))`;
    const child = spawn(process.execPath, ['-e', script], {
      cwd: this.folder,
      env: { PATH: `${join(this.workplace, 'bin')}${delimiter}${process.env.PATH}`, RECORD: record },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    const commands = (await readFile(record, 'utf8')).split('\n').filter(Boolean);
    return { code, output, commands };
  }

  async remove(): Promise<void> {
    await rm(this.workplace, { recursive: true });
  }
}
