// `npm run docs`: writes what is generated from the code: pages of the docs, and the variables for `nest add`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPackages } from './build-packages.mjs';
import { errorsPage } from './errors-page.mjs';
import { configurationPage, variablesSource } from './options-page.mjs';
import { root } from './processes.mjs';
import { install } from './set-up.mjs';

await install();
await buildPackages();
const { COINFLOW_AUTH_ERRORS } = await import('../libs/coinflow-auth/dist/esm/errors/error-statuses.js');
const { COINFLOW_API_REASONS } = await import('../libs/coinflow-auth/dist/esm/errors/api-reasons.js');
const { OPTION_TABLE } = await import('../libs/coinflow-auth/dist/esm/options/option-table.js');
const configuration = join(root, 'docs', 'reference', 'configuration.md');
writeFileSync(join(root, 'docs', 'reference', 'errors.md'), errorsPage(COINFLOW_AUTH_ERRORS, COINFLOW_API_REASONS));
writeFileSync(configuration, configurationPage(readFileSync(configuration, 'utf8'), OPTION_TABLE));
writeFileSync(join(root, 'libs', 'coinflow-auth', 'src', 'schematics', 'variables.ts'), variablesSource(OPTION_TABLE));
