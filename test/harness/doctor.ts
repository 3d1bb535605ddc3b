import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from '@jest/globals';
import type { CheckId, CheckResult } from '../../libs/coinflow-auth/src/doctor/check-result.js';
import { runDoctor, type DoctorProcess } from '../../libs/coinflow-auth/src/doctor/doctor.js';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder with these files, which is removed after the test. */
export function createFolder(files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'coinflow-doctor-'));
  folders.push(folder);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** The `package.json` of installed packages, by their paths in `node_modules`. */
export function installed(versions: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(versions).map(([path, version]) => [
      `node_modules/${path}/package.json`,
      JSON.stringify({ name: path.split('node_modules/').at(-1), version }),
    ]),
  );
}

/** One run of the doctor. */
export interface DoctorRun {
  readonly exitCode: number;
  readonly output: string;
  check(id: CheckId): Pick<CheckResult, 'status' | 'found'> & { readonly advice: string };
}

/** Runs the doctor with `--json`, in an empty folder unless the process has another. */
export async function doctor(args: readonly string[], given: Partial<DoctorProcess> = {}): Promise<DoctorRun> {
  const { exitCode, output } = await doctorOutput(['--json', ...args], given);
  const { checks } = JSON.parse(output) as { checks: CheckResult[] };
  return {
    exitCode,
    output,
    check: (id) => {
      const [found, ...others] = checks.filter((one) => one.id === id);
      if (!found || others.length > 0) throw new Error(`${others.length} other results of ${id} in ${output}`);
      return { status: found.status, found: found.found, advice: found.advice.join('\n') };
    },
  };
}

/** Runs the doctor. */
export async function doctorOutput(
  args: readonly string[],
  given: Partial<DoctorProcess> = {},
): Promise<{ exitCode: number; output: string }> {
  let output = '';
  const exitCode = await runDoctor(['doctor', ...args], {
    cwd: given.cwd ?? createFolder(),
    env: {},
    nodeVersion: process.version,
    hasColour: false,
    print: (text) => (output += text),
    ...given,
  });
  return { exitCode, output };
}
