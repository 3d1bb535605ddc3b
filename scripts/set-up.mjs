// What `npm start` and `npm test` have in common: installs and builds what is missing or out of date, and nothing else.
// Runs before anything is installed, so it uses Node alone.
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fail, root, run } from './processes.mjs';

const inRoot = (...path) => join(root, ...path);
const LOOK_EVERY_MS = 200;
const BUILD_STAMP = inRoot('dist', '.built');

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`This needs Node 20.19 or newer; here is ${process.version}.`);
}

/** Installs exactly what the lock file says, unless that is there already. `npm ci` changes no tracked file. */
export async function install() {
  const folder = inRoot('node_modules');
  if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) {
    fail(
      'node_modules is a symbolic link, and installing would empty what it points to. Remove the link and try again.',
    );
  }
  const stamp = join(folder, '.installed');
  const wanted = fingerprint([inRoot('package-lock.json')]);
  const isDone = () => readIfThere(stamp) === wanted;
  await oneAtATime(isDone, async () => {
    console.log('Installing the dependencies (once; about a minute) ...');
    await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
    writeFileSync(stamp, wanted);
  });
}

/** Builds the sample and the emulator, unless the build is of these very sources. */
export async function build() {
  await oneAtATime(isBuilt, async () => {
    console.log('Building ...');
    rmSync(BUILD_STAMP, { force: true });
    const nest = inRoot('node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
    await run(process.execPath, [nest, 'build', 'coinflow-emulator']);
    await run(process.execPath, [nest, 'build', 'sample']);
    // After the sample: its build empties the folder that the page goes to.
    const vite = inRoot('node_modules', 'vite', 'bin', 'vite.js');
    await run(process.execPath, [vite, 'build', '--logLevel', 'warn', inRoot('apps', 'sample', 'page', 'web')]);
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
async function oneAtATime(isDone, work) {
  const lock = inRoot('.set-up.lock');
  while (!isDone()) {
    if (!acquire(lock)) {
      await delay(LOOK_EVERY_MS);
      continue;
    }
    const release = () => rmSync(lock, { force: true });
    process.once('exit', release);
    if (!isDone()) await work();
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

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules' && name !== 'dist')
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]));
}

/** Of what the files are called in the clone and what they contain: a copy of the clone has the same. */
function fingerprint(files) {
  const hash = createHash('sha256');
  for (const file of files.filter(existsSync).sort()) {
    const content = readFileSync(file);
    hash.update(`${relative(root, file).replaceAll(sep, '/')}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
