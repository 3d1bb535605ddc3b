// `npm run test:contract`: checks the emulator's answers against test/contract/coinflow.openapi.json.
// `npm run test:contract -- --real`: checks Coinflow's own, with the credentials of a sandbox account.
import { fail, root, run } from './processes.mjs';
import { install } from './set-up.mjs';

const unknown = process.argv.slice(2).find((argument) => argument !== '--real');
if (unknown) fail(`“${unknown}” is unknown: npm run test:contract takes --real or nothing.`);

delete process.env.COINFLOW_CONTRACT_REAL;
if (process.argv.includes('--real')) {
  const { COINFLOW_ENV, COINFLOW_BASE_URL, COINFLOW_API_KEY, COINFLOW_MERCHANT_ID } = process.env;
  const missing = Object.entries({
    'COINFLOW_ENV (sandbox, say) or COINFLOW_BASE_URL': COINFLOW_ENV || COINFLOW_BASE_URL,
    COINFLOW_API_KEY,
    COINFLOW_MERCHANT_ID,
  }).flatMap(([name, value]) => (value ? [] : [name]));
  if (missing.length > 0) {
    fail(
      `--real asks Coinflow itself. Missing from the environment:\n${missing.map((name) => `  ${name}`).join('\n')}`,
    );
  }
  // The API key goes there: to no host that a mistyped name makes up, not in plain text, and not where there is money.
  const environments = ['sandbox', 'staging', 'staging-live'];
  if (!COINFLOW_BASE_URL && !environments.includes(COINFLOW_ENV)) {
    fail(`COINFLOW_ENV is “${COINFLOW_ENV}”: for --real give one of ${environments.join(', ')}.`);
  }
  if (COINFLOW_BASE_URL && !COINFLOW_BASE_URL.startsWith('https://')) {
    fail('COINFLOW_BASE_URL must begin with https:// for --real.');
  }
  process.env.COINFLOW_CONTRACT_REAL = '1';
}

await install();
await run(process.execPath, [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  `${root}/node_modules/jest/bin/jest.js`,
  'test/contract/contract',
]);
