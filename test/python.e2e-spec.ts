import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { startCoinflowEmulator } from 'coinflow-emulator';

const hasPython = spawnSync('python3', ['--version']).status === 0;
// `npm test` installs Python where it can. Without Python the test is skipped, but in CI it fails.
const test = hasPython || process.env.CI === 'true' ? it : it.skip;

/** Runs Python without blocking, because the emulator that it calls runs in this process. */
function python(script: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('python3', ['-'], { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', reject).once('close', (code) => resolve({ code, output }));
    child.stdin.end(script);
  });
}

test('runs the Python snippet of the docs of the emulator (skipped without python3)', async () => {
  const readme = readFileSync(new URL('../docs/emulator/index.md', import.meta.url), 'utf8');
  const [, snippet = ''] = /```python\n([^]*?)```/.exec(readme) ?? [];
  const coinflow = await startCoinflowEmulator();
  const script = snippet.replace('http://127.0.0.1:4010', coinflow.url);
  expect(script).toContain(coinflow.url);
  expect(await python(script)).toEqual({ code: 0, output: '' });
  expect(coinflow.calls.map(({ endpoint, status }) => [endpoint, status])).toEqual([
    ['session-key', 200],
    ['verify', 200],
    ['verify', 503],
  ]);
  await coinflow.close();
});
