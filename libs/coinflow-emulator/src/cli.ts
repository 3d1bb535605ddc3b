#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { startCoinflowEmulator } from './start-emulator.js';

const DEFAULT_PORT = 4010;

const HELP = `coinflow-emulator: a local Coinflow for development and tests

  coinflow-emulator [--port ${DEFAULT_PORT}] [--host 127.0.0.1]

  --port, -p   the port to listen at, 0 for a free one
               (environment variable COINFLOW_EMULATOR_PORT)
  --host       the address to listen at; whoever reaches it can mint session keys
  --help, -h   this text

It answers GET /api/auth/session-key (for a user id, or a wallet and its blockchain)
and GET /api/auth/verify, and prints the API keys of its merchants when it starts.`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', short: 'p', default: process.env.COINFLOW_EMULATOR_PORT || String(DEFAULT_PORT) },
    host: { type: 'string', default: '127.0.0.1' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) {
  console.log(HELP);
} else {
  await run(values.port, values.host);
}

async function run(portText: string, host: string): Promise<void> {
  const port = Number(portText);
  if (!/^\d+$/.test(portText) || port > 65_535) return fail(`"${portText}" is no port: give a number from 0 to 65535.`);
  try {
    const emulator = await startCoinflowEmulator({ port, host });
    console.log(`Coinflow emulator at ${emulator.url}`);
    for (const { merchantId, apiKey } of emulator.merchants) console.log(`  merchant ${merchantId}, API key ${apiKey}`);
    const stop = (): void => void emulator.close();
    process.once('SIGINT', stop).once('SIGTERM', stop);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    fail(`Port ${port} is taken: give another one with --port or COINFLOW_EMULATOR_PORT.`);
  }
}

function fail(message: string): void {
  console.error(`coinflow-emulator: ${message}`);
  process.exitCode = 1;
}
