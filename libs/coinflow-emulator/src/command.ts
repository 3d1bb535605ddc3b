import type { CoinflowEmulator } from './coinflow-emulator.js';
import { DEFAULT_PORT, UsageError, readCommandLine, type CommandOptions } from './command-options.js';
import { ASSUMED_LIMITS } from './rate-limits.js';
import { startCoinflowEmulator } from './start-emulator.js';

export { UsageError };

const HELP = `coinflow-emulator: a local Coinflow for development and tests

  coinflow-emulator [options]

  --port, -p            the port to listen at, 0 for a free one; ${DEFAULT_PORT} without it
                        (environment variable COINFLOW_EMULATOR_PORT)
  --host                the address to listen at; 127.0.0.1 without it
                        Whoever reaches it can mint session keys.
  --merchant id=apiKey  a merchant and its API key; repeat it for more
                        Without any: demo-merchant and other-merchant.
  --limit-with-key      requests a minute with a valid API key, for each merchant; ${ASSUMED_LIMITS.withKey} without it
  --limit-without-key   all other requests a minute, together; ${ASSUMED_LIMITS.withoutKey} without it
                        0 is no limit. Over it the answer is a 429.
  --session-lifetime    of session keys, in seconds; 86400 (24 hours) without it
  --control             who may use /_emulator: loopback, any or off; loopback without it
  --allow-origin        an origin whose pages may call the endpoints of Coinflow from a
                        browser, such as https://app.test; repeat it for more
                        Origins of this machine always may.
  --allow-host          another host name to answer to, such as coinflow.test; repeat it
                        for more. Without it: IP addresses, names without a dot,
                        *.localhost and host.docker.internal; /_emulator answers to
                        loopback names and the address it listens at.
  --help, -h            this text

It prints its URL and the API keys of its merchants when it starts, and answers

  GET /api/auth               the message for a wallet to sign (Get Message)
  GET /api/auth/session-key   a session key: for a user id or a wallet with the API
                              key, or for a wallet that has signed its message
  GET /api/auth/verify        whether a session key is valid

To see and to change what it does, with JSON bodies, content-type: application/json:

  GET  /_emulator/state
  POST /_emulator/faults      {"endpoint":"verify","fault":{"kind":"status","status":503},"times":2}
                              endpoints: message, session-key, verify
                              kinds: status, html, raw, non-json, truncated, ok,
                              rate-limited, delay, hang, reset
  POST /_emulator/heal        ends all faults
  POST /_emulator/clock       {"offsetMs":86400000}
  POST /_emulator/issuance     {"form":"opaque","lifetimeSeconds":60,"claims":{"merchantId":null}}
  POST /_emulator/limits      {"withKey":2000,"withoutKey":100,"retryAfter":"date"}
  POST /_emulator/webhooks/endpoints  {"url":"http://127.0.0.1:3000/webhooks/coinflow","key":"..."}
  POST /_emulator/webhooks/send       {"eventType":"Settled","data":{"customerId":"alice"},"copies":2}
                              signs and retries until 200; answers after the first attempt:
                              see the retries in webhooks.attempts of /_emulator/state
                              also: signAgain, newCreated, key, sign, signedAgoMs, attempts,
                              tampering (tampered, reserialized)
  POST /_emulator/webhooks/send-all   {"events":[{"eventType":"Refund"}],"order":"reversed"}
                              answers once every event is acknowledged or given up
  POST /_emulator/webhooks/cancel     no more retries
  POST /_emulator/calls/clear
  POST /_emulator/reset       all as it was at the start`;

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
  const options = readCommandLine(args, env);
  if (!options) {
    print(HELP);
    return undefined;
  }
  const emulator = await listen(options);
  print(`Coinflow emulator at ${emulator.url}`);
  for (const { merchantId, apiKey } of emulator.merchants) print(`  merchant ${merchantId}, API key ${apiKey}`);
  return emulator;
}

async function listen(options: CommandOptions): Promise<CoinflowEmulator> {
  try {
    return await startCoinflowEmulator(options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
      throw new UsageError(`Port ${options.port} is taken: give another one with --port or COINFLOW_EMULATOR_PORT.`);
    }
    throw error;
  }
}
