// What `npm start` and `npm test` have in common: installs and builds what is missing or out of date, and nothing else.
// Runs before anything is installed, so it uses Node alone.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const inRoot = (...path) => join(root, ...path);
const BUILD_STAMP = inRoot('dist', '.built');

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`This needs Node 20.19 or newer; here is ${process.version}.`);
}

/** Installs exactly what the lock file says, unless that is there already. `npm ci` changes no tracked file. */
export function install() {
  const stamp = inRoot('node_modules', '.installed');
  const wanted = fingerprint([inRoot('package-lock.json')]);
  const isDone = () => readIfThere(stamp) === wanted;
  oneAtATime(isDone, () => {
    console.log('Installing the dependencies (once; about a minute) ...');
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
    writeFileSync(stamp, wanted);
  });
}

/** Builds the sample and the emulator, unless the build is of these very sources. */
export function build() {
  oneAtATime(isBuilt, () => {
    console.log('Building ...');
    rmSync(BUILD_STAMP, { force: true });
    const nest = inRoot('node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
    run(process.execPath, [nest, 'build', 'coinflow-emulator']);
    run(process.execPath, [nest, 'build', 'sample']);
    // After the sample: its build empties the folder that the page goes to.
    const vite = inRoot('node_modules', 'vite', 'bin', 'vite.js');
    run(process.execPath, [vite, 'build', '--logLevel', 'warn', inRoot('apps', 'sample', 'web')]);
    mkdirSync(dirname(BUILD_STAMP), { recursive: true });
    writeFileSync(BUILD_STAMP, buildFingerprint());
  });
}

/** Whether the build is of these very sources. */
export function isBuilt() {
  return readIfThere(BUILD_STAMP) === buildFingerprint();
}

function buildFingerprint() {
  const sources = ['apps', 'libs'].flatMap((folder) => filesBelow(inRoot(folder)));
  const settings = ['package-lock.json', 'nest-cli.json', 'tsconfig.json'].map((file) => inRoot(file));
  // Not the tests, nor what a build of the packages copies to where it packs them.
  return fingerprint([...sources.filter((file) => !/spec\.ts$|\.md$|LICENSE$/.test(file)), ...settings]);
}

/** Does what is not done yet. Two commands in one clone must not do it at the same time: the second waits for the first. */
function oneAtATime(isDone, work) {
  const lock = inRoot('.set-up.lock');
  while (!isDone()) {
    if (!acquire(lock)) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      continue;
    }
    const release = () => rmSync(lock, { force: true });
    process.once('exit', release);
    if (!isDone()) work();
    process.off('exit', release);
    release();
  }
}

/** Whether the lock is ours now. One that a process left behind when it was killed is nobody's. */
function acquire(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    const holder = Number(readIfThere(lock));
    if (holder && !isAlive(holder)) rmSync(lock, { force: true });
    return false;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Runs a command to its end; ends this process with it when it fails. */
export function run(command, args) {
  const shell = process.platform === 'win32' && command === 'npm';
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell });
  if (error) fail(`${command} could not be started: ${error.message}`);
  if (status !== 0) process.exit(status ?? (signal === 'SIGINT' ? 130 : 1));
}

export function fail(message) {
  console.error(message);
  process.exit(1);
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules' && name !== 'dist')
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]));
}

function fingerprint(files) {
  const hash = createHash('sha256');
  for (const file of files.sort()) {
    if (existsSync(file)) hash.update(`${file}\0${statSync(file).size}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
