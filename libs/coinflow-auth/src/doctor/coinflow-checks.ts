import { lookup } from 'node:dns/promises';
import { isCoinflowAuthError, type CoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import { CoinflowClient } from '../http/coinflow-client.js';
import { COINFLOW_BASE_URLS } from '../options/base-url.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { EndpointProbe } from '../verification/endpoint-probe.js';
import { failed, ok, result, type CheckResult } from './check-result.js';

const MAX_SKEW_MS = 30_000;
/** Hostnames that need no lookup: IPv4 and IPv6. */
const ADDRESS = /^(?:\[.*\]|[\d.]+)$/;

/** Whether the environment and the URL belong together, and the name of its host resolves. */
export async function checkBaseUrl({ env, baseUrl }: ResolvedCoinflowAuthOptions): Promise<CheckResult> {
  const { origin, hostname, protocol } = new URL(baseUrl);
  const [other] = Object.entries(COINFLOW_BASE_URLS).find(([name, url]) => url === origin && name !== env) ?? [];
  if (other !== undefined && COINFLOW_BASE_URLS[env] !== origin) {
    return failed(
      'base-url',
      `${baseUrl} is the URL of env "${other}", but env is "${env}"`,
      'Correct COINFLOW_ENV, or remove COINFLOW_BASE_URL. An API key belongs to one env.',
    );
  }
  const problem = await lookupProblem(hostname);
  if (problem !== undefined) {
    return failed(
      'base-url',
      `the host of ${baseUrl} does not resolve: ${problem}`,
      'Check COINFLOW_BASE_URL and DNS.',
    );
  }
  if (env === 'prod' && protocol === 'http:') {
    return result('base-url', 'warning', `${baseUrl} is not Coinflow, but env is "prod"`, 'Remove COINFLOW_BASE_URL.');
  }
  return ok('base-url', baseUrl);
}

async function lookupProblem(hostname: string): Promise<string | undefined> {
  if (ADDRESS.test(hostname)) return undefined;
  try {
    await lookup(hostname);
    return undefined;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

/** Sends a random session key, which Coinflow must reject, and compares the clocks. */
export async function checkCoinflow(
  options: ResolvedCoinflowAuthOptions,
): Promise<[coinflow: CheckResult, clock: CheckResult]> {
  const client = new CoinflowClient(options);
  try {
    const coinflow = await probe(client, options);
    return [coinflow, clockResult(client)];
  } finally {
    client.close();
  }
}

async function probe(client: CoinflowClient, { env, merchantId }: ResolvedCoinflowAuthOptions): Promise<CheckResult> {
  try {
    await new EndpointProbe(client, merchantId).run();
    return ok('coinflow', 'rejects a random session key');
  } catch (error) {
    if (!isCoinflowAuthError(error)) throw error;
    return probeFailure(error, env);
  }
}

function probeFailure(error: CoinflowAuthError, env: string): CheckResult {
  if (error.reason === 'rate-limited-by-coinflow') {
    return result('coinflow', 'warning', `${error.message} [${error.reason}]`, 'Run the doctor again in a minute.');
  }
  return failed('coinflow', `${error.message} [${error.reason}]`, adviceFor(error, env));
}

function adviceFor({ message, reason, action }: CoinflowAuthError, env: string): string {
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(message)) return 'For a private authority, set NODE_EXTRA_CA_CERTS.';
  if (env === 'local' && reason === 'connection') {
    return 'Start the emulator (npx coinflow-emulator), and set COINFLOW_BASE_URL to the URL that it prints.';
  }
  return action;
}

function clockResult({ clock }: CoinflowClient): CheckResult {
  const { skewMs } = clock;
  if (skewMs === undefined) return result('clock', 'skipped', 'no response of Coinflow had a Date');
  const seconds = Math.round(Math.abs(skewMs) / 1_000);
  if (Math.abs(skewMs) <= MAX_SKEW_MS) return ok('clock', `within ${Math.max(seconds, 1)} s of Coinflow's`);
  return result(
    'clock',
    'warning',
    `${seconds} s ${skewMs > 0 ? 'behind' : 'ahead of'} Coinflow's`,
    'Synchronize the clock of this machine, for example with NTP.',
  );
}
