import type { CoinflowEmulator } from './coinflow-emulator.js';
import { DEFAULT_PORT, UsageError, readCommandLine, type CommandOptions } from './command-options.js';
import { ASSUMED_LIMITS } from './rate-limits.js';
import { startCoinflowEmulator } from './start-emulator.js';

export { UsageError };

const HELP = `coinflow-emulator: a local Coinflow for development and tests

  coinflow-emulator [options]

  --port, -p            the port to listen on, 0 for a free one (default ${DEFAULT_PORT},
                        environment variable COINFLOW_EMULATOR_PORT)
  --host                the address to listen on (default 127.0.0.1)
                        Every client that reaches it can create session keys.
  --merchant id=apiKey  a merchant and its API key; repeat it for more
                        (default demo-merchant and other-merchant)
  --limit-with-key      requests a minute of each merchant with its API key,
                        0 for no limit (default ${ASSUMED_LIMITS.withKey})
  --limit-without-key   all other requests a minute together, 0 for no limit
                        (default ${ASSUMED_LIMITS.withoutKey}). Above a limit the response is 429.
  --session-lifetime    the lifetime of session keys in seconds (default 86400)
  --control             who may use the control API: loopback, any or off
                        (default loopback)
  --allow-origin        an origin whose pages may call the endpoints of Coinflow,
                        such as https://app.test; repeat it for more
                        Origins of this machine are always allowed.
  --allow-host          a further host name to accept, such as coinflow.test; repeat
                        it for more. Always accepted: IP addresses, names without a
                        dot, *.localhost and host.docker.internal. The control API
                        accepts loopback names and the address it listens on.
  --help, -h            this text

At startup it prints its URL and the API keys of its merchants. Endpoints:

  GET /api/auth               the message that a wallet must sign (Get Message)
  GET /api/auth/session-key   a session key for a user id or a wallet with the API
                              key, or for a wallet that has signed its message
  GET /api/auth/verify        whether a session key is valid

Every other operation of Coinflow checks its credentials and responds with 200 and {}.
These do more: POST /api/checkout/card/{merchantId}, GET /api/customer/v2,
GET /api/withdraw, PUT /api/merchant/blocked/{customerId}.

Control API, with JSON bodies and content-type: application/json:

  GET  /_emulator/state
  POST /_emulator/faults      {"endpoint":"verify","fault":{"kind":"status","status":503},"times":2}
                              endpoints: message, session-key, verify, and operations,
                              such as POST /checkout/card/{merchantId}
                              kinds: status, html, raw, non-json, truncated, ok,
                              rate-limited, delay, hang, reset
                              "afterProcessing":true in the fault: after the charge
  POST /_emulator/heal        ends all faults
  POST /_emulator/responses   {"operation":"POST /checkout/token/{merchantId}","status":410,"times":1}
                              also: body, headers, delayMs
  POST /_emulator/responses/clear
  POST /_emulator/withdrawers {"wallet":"...","verification":"pending"}
  POST /_emulator/blocking    {"endsSessions":true}
  POST /_emulator/clock       {"offsetMs":86400000}
  POST /_emulator/issuance    {"form":"opaque","lifetimeSeconds":60,"claims":{"merchantId":null}}
  POST /_emulator/limits      {"withKey":2000,"withoutKey":100,"retryAfter":"date"}
  POST /_emulator/session-keys        {"claims":{"customerId":"alice","exp":1700000000}}
  POST /_emulator/webhooks/endpoints  {"url":"http://127.0.0.1:3000/webhooks/coinflow","key":"..."}
  POST /_emulator/webhooks/send       {"eventType":"Settled","data":{"customerId":"alice"},"copies":2}
                              signs and retries until the response is 200; responds
                              after the first attempt; retries are in webhooks.attempts
                              of /_emulator/state
                              also: signAgain, newCreated, key, sign, signedAgoMs, attempts,
                              tampering (tampered, reserialized)
  POST /_emulator/webhooks/send-all   {"events":[{"eventType":"Refund"}],"order":"reversed"}
                              responds after the last attempt
  POST /_emulator/webhooks/cancel     ends all retries
  POST /_emulator/calls/clear
  POST /_emulator/reset       restores the initial state`;

/**
 * The `coinflow-emulator` command.
 * @param print called with each line of output
 * @returns the running emulator; `undefined` for `--help`
 * @throws `UsageError` for an invalid option
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
      throw new UsageError(`Port ${options.port} is in use. Set another one with --port or COINFLOW_EMULATOR_PORT.`);
    }
    throw error;
  }
}
