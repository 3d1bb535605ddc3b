// `npm start`: installs and builds if necessary, then runs the sample merchant. It uses the emulator unless the environment
// or .env has the credentials of a Coinflow account.
// `npm start -- --verbose`: also logs each module and route.
// `npm start -- --routes`: prints the access and the policy of each route of the sample, and starts nothing.
// `npm run dev`: also runs Vite, which updates the page on every edit.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { end, endWithoutError, fail, isEnding, root, run, start } from './processes.mjs';
import { build, install } from './set-up.mjs';

const { dev: withVite, routes, verbose } = readArguments();
const END_WITH_PARENT = new URL('end-with-parent.mjs', import.meta.url).href;
/** The startup lines of the programs. The summary at the end replaces them. */
const ANNOUNCEMENT = /^(?:Coinflow emulator at| {2}merchant|Webhooks are|Sample merchant at) /;
const SAMPLE = 'dist/apps/sample/apps/sample/src/main.js';
const STARTUP_TIMEOUT_MS = 30_000;
/** The first merchant of the emulator; see the emulator's `merchants.ts`. */
const DEMO_MERCHANT = {
  COINFLOW_ENV: 'local',
  COINFLOW_MERCHANT_ID: 'demo-merchant',
  COINFLOW_API_KEY: 'coinflow_emulator_key_of_demo_merchant',
};

const envFile = join(root, '.env');
if (existsSync(envFile)) process.loadEnvFile(envFile);

const needed = Object.keys(DEMO_MERCHANT);
const missing = needed.filter((name) => !process.env[name]?.trim());
const hasBaseUrl = Boolean(process.env.COINFLOW_BASE_URL?.trim());
if (missing.length > 0 && (missing.length < needed.length || hasBaseUrl)) {
  fail(
    `To use your Coinflow account, set ${missing.join(' and ')} too. ` +
      `To use the emulator, set none of ${[...needed, 'COINFLOW_BASE_URL'].join(', ')}.`,
  );
}
const withEmulator = missing.length > 0;
// Random by default: with a known key, anybody who reaches the sample could forge a payment.
const ownWebhookKeys = process.env.COINFLOW_WEBHOOK_VALIDATION_KEY?.trim();
const webhookKeys = ownWebhookKeys || (withEmulator ? randomBytes(24).toString('base64url') : undefined);
const ports = { sample: port('PORT', 3000), emulator: port('COINFLOW_EMULATOR_PORT', 4010) };
const host = process.env.HOST?.trim() || '127.0.0.1';

if (routes) await printRoutes();
await assertFree(ports.sample, host, 'PORT');
if (withEmulator) await assertFree(ports.emulator, '127.0.0.1', 'COINFLOW_EMULATOR_PORT');
await install();
await build();

endWithoutError();
const coinflow = withEmulator
  ? await launch('emulator', 'dist/libs/coinflow-emulator/cli.js', ['--port', String(ports.emulator)], {})
  : undefined;
const sample = await launch('sample', SAMPLE, verbose ? ['--verbose'] : [], {
  ...(withEmulator && {
    ...DEMO_MERCHANT,
    COINFLOW_BASE_URL: coinflow,
    COINFLOW_WEBHOOK_VALIDATION_KEY: webhookKeys,
  }),
  PORT: String(ports.sample),
  HOST: host,
});

// A loopback address, because the routes of the page reject other host names.
const here = sample.replace('//0.0.0.0:', '//127.0.0.1:');
if (coinflow) await registerWebhook();
const page = withVite
  ? await launch('page', 'node_modules/vite/bin/vite.js', ['apps/sample/page/web'], { SAMPLE_URL: here, NO_COLOR: '1' })
  : `${here}/`;

const source = coinflow
  ? `${coinflow}  (emulator)`
  : (process.env.COINFLOW_BASE_URL ?? `env "${process.env.COINFLOW_ENV}"`);
console.log(`Page              ${page}${coinflow ? '  (log in as alice with alice-demo)' : ''}
Sample merchant   ${sample}  (Swagger UI: ${sample}/docs)
Coinflow          ${source}
Webhooks          ${webhookKeys ? `POST ${sample}/webhooks/coinflow` : 'off: set COINFLOW_WEBHOOK_VALIDATION_KEY'}${coinflow ? `\nCheckout          POST ${sample}/checkout  (demo cards: the panel "Buy" of the page)` : ''}
Press Ctrl-C to stop. For more output: npm start -- --verbose`);

function readArguments() {
  try {
    return parseArgs({
      options: { dev: { type: 'boolean' }, routes: { type: 'boolean' }, verbose: { type: 'boolean' } },
    }).values;
  } catch ({ message }) {
    return fail(`${message}\nThe arguments of npm start are --verbose and --routes: npm start -- --routes`);
  }
}

/** The sample needs no Coinflow and no port for that. */
async function printRoutes() {
  await install();
  await build();
  if (withEmulator) Object.assign(process.env, DEMO_MERCHANT, { COINFLOW_WEBHOOK_VALIDATION_KEY: webhookKeys });
  await run(process.execPath, [join(root, SAMPLE), '--routes']);
  process.exit(0);
}

function port(name, usual) {
  const value = process.env[name]?.trim() || String(usual);
  if (!/^\d+$/.test(value) || Number(value) > 65_535)
    fail(`${name} is "${value}". Set it to a number from 0 to 65535.`);
  return Number(value);
}

function assertFree(number, address, variable) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', ({ code, message }) =>
      fail(
        code === 'EADDRINUSE'
          ? `Port ${number} is in use. Set ${variable} to another one: ${variable}=${number + 1} npm start`
          : `Cannot listen on ${address}:${number}: ${message}`,
      ),
    );
    server.listen(number, address, () => server.close(resolve));
  });
}

/** Starts a program, prints its log and waits for its URL. */
function launch(name, script, args, env) {
  return new Promise((resolve) => {
    const child = start(process.execPath, ['--import', END_WITH_PARENT, join(root, script), ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const timer = setTimeout(() => {
      console.error(`The ${name} did not start within ${STARTUP_TIMEOUT_MS / 1_000} s.`);
      void end(1);
    }, STARTUP_TIMEOUT_MS);
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (verbose || !ANNOUNCEMENT.test(line)) console.log(line);
      const url = /(?: at |Local: +)(http:\/\/\S+)/.exec(line)?.[1];
      if (url) {
        clearTimeout(timer);
        resolve(url.replace('[::1]', 'localhost'));
      }
    });
    child.once('exit', (code) => {
      if (isEnding()) return;
      console.error(`The ${name} has stopped (${code}).`);
      void end(code || 1);
    });
  });
}

/** Registers the webhook route of the sample with the emulator. */
async function registerWebhook() {
  const url = `${here}/webhooks/coinflow`;
  const key = webhookKeys.split(',')[0].trim();
  const response = await fetch(`${coinflow}/_emulator/webhooks/endpoints`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url, key }),
  });
  if (!response.ok) console.error(`Webhooks are off: the emulator responds with ${await response.text()}`);
}
