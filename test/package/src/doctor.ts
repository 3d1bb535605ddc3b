import 'reflect-metadata';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { renameSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { startCoinflowEmulator } from 'coinflow-emulator';
import { AppModule } from './app.module.js';

interface Run {
  readonly exitCode: number;
  readonly output: string;
  /** The statuses of the checks by their ids. */
  readonly checks: Record<string, string>;
}

/** Runs the installed command in this project, in a process of its own. */
function doctor(args: string[], env: Record<string, string>): Promise<Run> {
  const command = ['node_modules/.bin/nestjs-coinflow-auth', 'doctor', '--json', ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { env: { PATH: process.env.PATH, ...env } }, (error, stdout, stderr) => {
      const { checks } = JSON.parse(stdout || '{ "checks": [] }') as { checks: { id: string; status: string }[] };
      resolve({
        exitCode: Number(error?.code ?? 0),
        output: stdout + stderr,
        checks: Object.fromEntries(checks.map(({ id, status }) => [id, status])),
      });
    });
  });
}

/** Runs the doctor against the emulator and this application: first without a problem, then with some. */
async function main(): Promise<void> {
  const coinflow = await startCoinflowEmulator();
  const [merchant] = coinflow.merchants;
  assert(merchant);
  const module = AppModule.with({ env: 'local', baseUrl: coinflow.url, ...merchant });
  const app = await NestFactory.create(module, { rawBody: true, logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  const webhookUrl = `${await app.getUrl()}/webhooks`;
  const env = {
    COINFLOW_ENV: 'local',
    COINFLOW_BASE_URL: coinflow.url,
    COINFLOW_API_KEY: merchant.apiKey,
    COINFLOW_MERCHANT_ID: merchant.merchantId,
  };

  const { exitCode, checks, output } = await doctor(['--webhook-url', webhookUrl], env);
  const skipped = ['redis', 'redis-shared-store', 'redis-deliveries', 'redis-eviction'];
  const problems = Object.entries(checks).filter(([id, status]) => status !== 'ok' && !skipped.includes(id));
  assert.deepEqual([exitCode, problems], [0, []], output);
  assert.equal(Object.keys(checks).length, 15);

  const wrongKey = await doctor([], { ...env, COINFLOW_API_KEY: 'canary_api_key' });
  assert.deepEqual([wrongKey.exitCode, wrongKey.checks['api-key']], [1, 'failed']);
  assert(!wrongKey.output.includes('canary'));

  const wrongArguments = await doctor(['--unknown'], env);
  assert.equal(wrongArguments.exitCode, 2);
  assert.match(wrongArguments.output, /^nestjs-coinflow-auth: Unknown option '--unknown'/);

  const [peer, elsewhere] = ['node_modules/@nestjs/axios', 'node_modules/.axios'];
  renameSync(peer, elsewhere);
  const withoutPeer = await doctor([], env).finally(() => renameSync(elsewhere, peer));
  assert.deepEqual(
    [withoutPeer.exitCode, withoutPeer.checks.peers, withoutPeer.checks.coinflow],
    [1, 'failed', 'skipped'],
  );

  await app.close();
  await coinflow.close();
}

void main();
