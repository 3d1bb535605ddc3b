import { parseArgs } from 'node:util';
import { startCoinflowEmulator, type CoinflowEmulator } from './start-emulator.js';

const DEFAULT_PORT = 4010;

const HELP = `coinflow-emulator: a local Coinflow for development and tests

  coinflow-emulator [--port ${DEFAULT_PORT}] [--host 127.0.0.1]

  --port, -p   the port to listen at, 0 for a free one
               (environment variable COINFLOW_EMULATOR_PORT)
  --host       the address to listen at; whoever reaches it can mint session keys
  --help, -h   this text

It answers GET /api/auth/session-key (for a user id, or a wallet and its blockchain)
and GET /api/auth/verify, and prints the API keys of its merchants when it starts.`;

/** A mistake in how the command was called; its message says what to do. */
export class UsageError extends Error {}

/**
 * The `coinflow-emulator` command.
 * @param print is given what to show, a line at a time
 * @returns the running emulator; nothing when only help was wanted
 * @throws {UsageError}
 */
export async function runCommand(
  args: string[],
  env: NodeJS.ProcessEnv,
  print: (line: string) => void,
): Promise<CoinflowEmulator | undefined> {
  const { port, host, help } = parse(args, env);
  if (help) {
    print(HELP);
    return undefined;
  }
  const emulator = await listen(port, host);
  print(`Coinflow emulator at ${emulator.url}`);
  for (const { merchantId, apiKey } of emulator.merchants) print(`  merchant ${merchantId}, API key ${apiKey}`);
  return emulator;
}

function parse(args: string[], env: NodeJS.ProcessEnv): { port: number; host: string; help: boolean } {
  const { port: portText, ...rest } = parseOptions(args, env.COINFLOW_EMULATOR_PORT || String(DEFAULT_PORT));
  const port = Number(portText);
  if (!/^\d+$/.test(portText) || port > 65_535) {
    throw new UsageError(`“${portText}” is no port: give a number from 0 to 65535.`);
  }
  return { port, ...rest };
}

function parseOptions(args: string[], defaultPort: string): { port: string; host: string; help: boolean } {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: 'string', short: 'p', default: defaultPort },
        host: { type: 'string', default: '127.0.0.1' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}. See coinflow-emulator --help.`);
  }
}

async function listen(port: number, host: string): Promise<CoinflowEmulator> {
  try {
    return await startCoinflowEmulator({ port, host });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
      throw new UsageError(`Port ${port} is taken: give another one with --port or COINFLOW_EMULATOR_PORT.`);
    }
    throw error;
  }
}
