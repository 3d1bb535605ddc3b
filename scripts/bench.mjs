// `npm run bench`: builds the benchmarks with the library, and the sample, as they are, and runs them. docs/benchmarks.md says what they measure.
//   npm run bench -- --help   all choices
//   npm run bench -- --quick  fewer and shorter slices
import { join } from 'node:path';
import { root, run } from './processes.mjs';
import { build, install } from './set-up.mjs';

await install();
// The flood is sent to the sample as it is built.
await build();
await run(process.execPath, [join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js'), 'build', 'bench']);
const main = join(root, 'dist', 'bench', 'bench', 'main.js');
await run(process.execPath, [main, ...process.argv.slice(2)]);
