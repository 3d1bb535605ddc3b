import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { isShown, readWalkthrough } from '../../scripts/new-projects/walkthrough.mjs';
import { FREE_PORTS, npmStart } from '../harness/npm-start.js';

const guide = readFileSync(new URL('../../docs/guides/sample-app.md', import.meta.url), 'utf8');

/** Runs commands in one shell. A background command may run on when it has printed something. @returns what each prints */
function runInOrder(commands: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'sample-guide-'));
  const lines = commands.map((command, index) => {
    const wait = command.endsWith('&') ? ` until grep -q data: ${index}; do sleep 0.05; done` : '';
    return `exec > ${index}\n${command}${wait}`;
  });
  spawnSync('bash', ['-c', lines.join('\n')], { cwd: folder });
  const outputs = commands.map((_, index) => readFileSync(join(folder, `${index}`), 'utf8'));
  rmSync(folder, { recursive: true });
  return outputs;
}

it('prints what the guide to the sample app shows', async () => {
  const started = npmStart(FREE_PORTS);
  const { sample, coinflow } = await started.ready();
  const page = guide.replaceAll('http://127.0.0.1:3000', sample).replaceAll('http://127.0.0.1:4010', coinflow);
  const [start, ...steps] = readWalkthrough(page).map(({ command = '', output = '' }) => ({ command, output }));
  expect(isShown(started.output(), start?.output ?? '')).toBe(true);
  const outputs = runInOrder(steps.map(({ command }) => command));
  expect(steps.length).toBeGreaterThan(20);
  expect(
    steps.flatMap(({ command, output }, index) =>
      isShown(outputs[index] ?? '', output) ? [] : [{ command, shown: output, printed: outputs[index] }],
    ),
  ).toEqual([]);
});
