// `npm run test:contract`: checks the responses of the emulator against test/contract/coinflow.openapi.json.
// `npm run test:contract -- --real`: checks the responses of Coinflow with the credentials of a sandbox account.
import { fail, root, run } from './processes.mjs';
import { install } from './set-up.mjs';

const unknown = process.argv.slice(2).find((argument) => argument !== '--real');
if (unknown) fail(`"${unknown}" is unknown. The only argument of npm run test:contract is --real.`);

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
      `--real calls the real Coinflow. Missing environment variables:\n${missing.map((name) => `  ${name}`).join('\n')}`,
    );
  }
  // Protects the API key and real money: no mistyped host name, no plain HTTP, no production.
  const environments = ['sandbox', 'staging', 'staging-live'];
  if (!COINFLOW_BASE_URL && !environments.includes(COINFLOW_ENV)) {
    fail(`COINFLOW_ENV is "${COINFLOW_ENV}". For --real, set it to one of ${environments.join(', ')}.`);
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
