// `npm run release -- minor`: sets the next version of both packages, closes "Unreleased" in the changelog, commits, tags and
// pushes. The tag starts .github/workflows/release.yml, which tests and publishes. `--dry-run` changes nothing.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail, root } from './processes.mjs';

const folder = join(root, 'scripts', 'release');
const releaseIt = join(folder, 'node_modules', 'release-it', 'bin', 'release-it.js');

if (!existsSync(releaseIt)) {
  const shell = process.platform === 'win32';
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: 'inherit',
    shell,
  });
  if (status !== 0) fail('The release tools could not be installed.');
}

const dryRun = process.argv.includes('--dry-run');
const hasRemote = spawnSync('git', ['remote'], { cwd: root, encoding: 'utf8' }).stdout.trim() !== '';
// A dry run in a clone without a remote needs some URL. Nothing is pushed to it.
const pushRepo = dryRun && !hasRemote ? ['--git.pushRepo=https://git.invalid/nestjs-coinflow-auth.git'] : [];
const args = ['--config', join('scripts', 'release', 'release-it.json'), ...pushRepo, ...process.argv.slice(2)];
process.exitCode = spawnSync(process.execPath, [releaseIt, ...args], { cwd: root, stdio: 'inherit' }).status ?? 1;
