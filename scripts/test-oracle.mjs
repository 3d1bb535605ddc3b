// `npm run test:oracle`: compares our verification of webhooks with Stripe's, on 100,000 bodies instead of 1,000.
import { install, root, run } from './set-up.mjs';

install();
process.env.COINFLOW_ORACLE_RUNS = '100000';
run(process.execPath, [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  `${root}/node_modules/jest/bin/jest.js`,
  'webhook-signature.oracle',
]);
