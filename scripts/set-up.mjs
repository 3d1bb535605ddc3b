// Installs and builds what is missing or out of date, for `npm start`, `npm test` and other scripts.
// Runs before anything is installed, so it has no dependencies.
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fail, root, run } from './processes.mjs';

const inRoot = (...path) => join(root, ...path);
const POLL_MS = 200;
const BUILD_STAMP = inRoot('dist', '.built');

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`Node 20.19 or newer is required. This is ${process.version}.`);
}

/** Runs `npm ci` in the root, or in a folder with a lock file of its own, unless the dependencies of it are installed. */
export async function install(folder = '') {
  const modules = inRoot(folder, 'node_modules');
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) {
    fail(
      'node_modules is a symbolic link, and an installation would delete the content of its target. Remove the link and try again.',
    );
  }
  const stamp = join(modules, '.installed');
  const wanted = fingerprint([inRoot(folder, 'package-lock.json')]);
  const isDone = () => readIfExists(stamp) === wanted;
  await oneAtATime(isDone, async () => {
    console.log(`Installing dependencies${folder && ` of ${folder}/`} (once, about a minute) ...`);
    await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: inRoot(folder) });
    writeFileSync(stamp, wanted);
  });
}

/** Builds the sample and the emulator unless the build is up to date. */
export async function build() {
  await oneAtATime(isBuilt, async () => {
    console.log('Building ...');
    rmSync(BUILD_STAMP, { force: true });
    const nest = inRoot('node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
    await run(process.execPath, [nest, 'build', 'coinflow-emulator']);
    await run(process.execPath, [nest, 'build', 'sample']);
    // After the sample, because the build of the sample deletes the output folder of the page.
    const vite = inRoot('node_modules', 'vite', 'bin', 'vite.js');
    await run(process.execPath, [vite, 'build', '--logLevel', 'warn', inRoot('apps', 'sample', 'page', 'web')]);
    mkdirSync(dirname(BUILD_STAMP), { recursive: true });
    writeFileSync(BUILD_STAMP, buildFingerprint());
  });
}

/** Whether the build is up to date. */
export function isBuilt() {
  return readIfExists(BUILD_STAMP) === buildFingerprint();
}

function buildFingerprint() {
  const sources = ['apps', 'libs'].flatMap((folder) => filesBelow(inRoot(folder)));
  const settings = ['package-lock.json', 'nest-cli.json', 'tsconfig.json'].map((file) => inRoot(file));
  // Without tests and without the files that the build of the packages copies.
  return fingerprint([...sources.filter((file) => !/spec\.ts$|\.md$|LICENSE$/.test(file)), ...settings]);
}

/** Runs `work` unless it is done. If two commands run in one clone, the second waits for the first. */
async function oneAtATime(isDone, work) {
  const lock = inRoot('.set-up.lock');
  while (!isDone()) {
    if (!acquire(lock)) {
      await delay(POLL_MS);
      continue;
    }
    const release = () => rmSync(lock, { force: true });
    process.once('exit', release);
    if (!isDone()) await work();
    process.off('exit', release);
    release();
  }
}

/** Tries to take the lock. Removes the lock of a process that was killed. */
function acquire(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    const holder = Number(readIfExists(lock));
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

/** The files of a folder, without what is installed or built. */
export function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules' && name !== 'dist')
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]));
}

/** A hash of the relative names and the content of the files, so that a copy of the clone has the same one. */
export function fingerprint(files) {
  const hash = createHash('sha256');
  for (const file of files.filter(existsSync).sort()) {
    const content = readFileSync(file);
    hash.update(`${relative(root, file).replaceAll(sep, '/')}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

export function readIfExists(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
