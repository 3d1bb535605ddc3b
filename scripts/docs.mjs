// `npm run docs`: generates the pages that come from the code.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPackages } from './build-packages.mjs';
import { errorsPage } from './errors-page.mjs';
import { root } from './processes.mjs';
import { install } from './set-up.mjs';

await install();
await buildPackages();
const { COINFLOW_AUTH_ERRORS } = await import('../libs/coinflow-auth/dist/esm/errors/error-catalogue.js');
writeFileSync(join(root, 'docs', 'errors.md'), errorsPage(COINFLOW_AUTH_ERRORS));
