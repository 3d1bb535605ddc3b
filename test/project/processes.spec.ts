import { spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const scripts = new URL('../../scripts', import.meta.url).pathname;

/** Starts a server that does not end by itself, as a test may, and then waits as Jest does. */
const LONG = `
  const { spawn } = await import('node:child_process');
  spawn(process.execPath, ['-e', 'console.log("up"); setTimeout(() => {}, 60_000)'], { stdio: 'inherit' });
  setTimeout(() => {}, 60_000);
`;

describe('a script that runs commands', () => {
  let folder: string;
  let npm: ChildProcess | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'processes-'));
    await mkdir(join(folder, 'scripts'));
    await cp(join(scripts, 'processes.mjs'), join(folder, 'scripts', 'processes.mjs'));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ scripts: { test: 'node scripts/test.mjs' } }));
  });

  afterEach(async () => {
    npm?.kill('SIGTERM');
    await rm(folder, { recursive: true });
  });

  /** Runs it by npm. @returns what it prints until none of its processes is left, and how npm has ended */
  async function run(script: string, signal?: NodeJS.Signals): Promise<{ output: string; end: unknown }> {
    await writeFile(join(folder, 'long.mjs'), LONG);
    await writeFile(join(folder, 'scripts', 'test.mjs'), `import { run } from './processes.mjs';\n${script}`);
    const child = spawn('npm', ['test', '--silent'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    npm = child;
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (signal && text.includes('up')) child.kill(signal);
      });
    }
    const end = await new Promise((resolve) => child.once('close', (code, by) => resolve(by ?? code)));
    return { output, end };
  }

  it.each<NodeJS.Signals>(['SIGTERM', 'SIGKILL'])('ends its commands when npm ends by %s', async (signal) => {
    const { output, end } = await run(`await run(process.execPath, ['long.mjs']); console.log('and goes on')`, signal);
    expect([output, end]).toEqual(['up\n', signal]);
  });

  it('runs one command after the other, and ends with the first that fails', async () => {
    const { output, end } = await run(`
      for (const code of [0, 3, 0]) await run(process.execPath, ['-e', \`console.log(\${code}); process.exit(\${code})\`]);
    `);
    expect([output, end]).toEqual(['0\n3\n', 3]);
  });

  it('names a command that cannot be started', async () => {
    const { output, end } = await run(`await run('no-such-command', []); console.log('and goes on')`);
    expect([output, end]).toEqual([expect.stringMatching(/^Cannot start no-such-command: [^\n]*\n$/), 1]);
  });
});
