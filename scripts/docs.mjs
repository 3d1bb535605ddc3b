// `npm run docs`: writes what is generated from the code: pages of the docs, and the variables for `nest add`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPackages } from './build-packages.mjs';
import { errorsPage } from './pages/errors-page.mjs';
import { metricsPage } from './pages/metrics-page.mjs';
import { configurationPage, variablesSource } from './pages/options-page.mjs';
import { root } from './processes.mjs';
import { install } from './set-up.mjs';

await install();
await buildPackages();
const importBuilt = (file) => import(`../dist/packages/nestjs-coinflow-auth/dist/esm/${file}`);
const { COINFLOW_AUTH_ERRORS } = await importBuilt('errors/error-statuses.js');
const { COINFLOW_API_REASONS } = await importBuilt('errors/api-reasons.js');
const { OPTION_TABLE } = await importBuilt('options/option-table.js');
const { RATE_LIMITED } = await importBuilt('budget/budget-statistics.js');
const { ATTEMPT_INSTRUMENTS, SPAN_ATTRIBUTES } = await importBuilt('http/telemetry.js');
const { DECISION_OUTCOMES } = await importBuilt('metrics/coinflow-decision.js');
const { OBSERVED_INSTRUMENTS } = await importBuilt('metrics/open-telemetry.js');
const { DECIDED_BY } = await importBuilt('verification/verification-result.js');
const { WEBHOOK_INSTRUMENTS } = await importBuilt('webhooks/webhook-metrics.js');
const configuration = join(root, 'docs', 'reference', 'configuration.md');
writeFileSync(join(root, 'docs', 'reference', 'errors.md'), errorsPage(COINFLOW_AUTH_ERRORS, COINFLOW_API_REASONS));
writeFileSync(configuration, configurationPage(readFileSync(configuration, 'utf8'), OPTION_TABLE));
writeFileSync(join(root, 'libs', 'coinflow-auth', 'src', 'schematics', 'variables.ts'), variablesSource(OPTION_TABLE));
writeFileSync(
  join(root, 'docs', 'reference', 'metrics.md'),
  metricsPage({
    outcomes: DECISION_OUTCOMES,
    decidedBy: DECIDED_BY,
    instruments: [OBSERVED_INSTRUMENTS, ATTEMPT_INSTRUMENTS, WEBHOOK_INSTRUMENTS],
    spanAttributes: SPAN_ATTRIBUTES,
    rateLimited: RATE_LIMITED,
  }),
);
