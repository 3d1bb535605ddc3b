// Some registries serve the prebuilt packages of this platform only. npm then writes a lock file without the others, which
// `npm ci` rejects on other platforms. This script adds the missing packages: run it after changing dependencies.
import { readFileSync, writeFileSync } from 'node:fs';

const FILES = ['package-lock.json', 'docs/package-lock.json'];
const platforms = /[-/](android|darwin|freebsd|linux|openharmony|sunos|win32|aix|netbsd|openbsd)-(\w+)(?:-\w+)?$/;
const cpus = { arm: 'arm', ia32: 'ia32' };

for (const file of FILES) {
  const path = new URL(`../${file}`, import.meta.url);
  const lock = JSON.parse(readFileSync(path, 'utf8'));
  let added = 0;
  for (const { optionalDependencies = {}, dev } of Object.values(lock.packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const [, os, cpu] = platforms.exec(name) ?? [];
      if (!os || lock.packages[`node_modules/${name}`]) continue;
      lock.packages[`node_modules/${name}`] = {
        version,
        cpu: [cpus[cpu] ?? cpu],
        ...(dev && { dev }),
        optional: true,
        os: [os],
      };
      added += 1;
    }
  }

  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${file}: ${added} packages of other platforms added`);
}
