// `npm run release -- minor`: gives both packages the next version, closes the changelog's “Unreleased”, commits, tags and
// pushes. The tag makes .github/workflows/release.yml test and publish. `--dry-run` shows it and changes nothing.
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
// A dry run can be looked at in a clone without a remote, too: nothing is pushed to this.
const pushRepo = dryRun && !hasRemote ? ['--git.pushRepo=https://git.invalid/nestjs-coinflow-auth.git'] : [];
const args = ['--config', join('scripts', 'release', 'release-it.json'), ...pushRepo, ...process.argv.slice(2)];
process.exitCode = spawnSync(process.execPath, [releaseIt, ...args], { cwd: root, stdio: 'inherit' }).status ?? 1;
