// `npm run bench`: builds the library, the sample and the benchmarks, and runs them. See docs/reference/benchmarks.md.
//   npm run bench -- --help   all options
//   npm run bench -- --quick  fewer and shorter slices
import { join } from 'node:path';
import { root, run } from './processes.mjs';
import { build, install } from './set-up.mjs';

await install();
// The flood benchmark runs the built sample.
await build();
await run(process.execPath, [join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js'), 'build', 'bench']);
const main = join(root, 'dist', 'bench', 'bench', 'main.js');
await run(process.execPath, [main, ...process.argv.slice(2)]);
