// `npm run bench`: builds the benchmarks with the library, and the sample, as they are, and runs them. docs/benchmarks.md says what they measure.
//   npm run bench -- --help   all choices
//   npm run bench -- --quick  fewer and shorter slices
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build, install, root, run } from './set-up.mjs';

install();
// The flood is sent to the sample as it is built.
build();
run(process.execPath, [join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js'), 'build', 'bench']);
const main = join(root, 'dist', 'bench', 'bench', 'main.js');
const { status } = spawnSync(process.execPath, [main, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
process.exit(status ?? 1);
