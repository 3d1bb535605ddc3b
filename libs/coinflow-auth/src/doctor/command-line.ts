import { parseArgs } from 'node:util';
import { parseRedisUrl, prefixOf } from '../redis/redis-options.js';

/** The command was called with wrong arguments. */
export class UsageError extends Error {}

export const HELP = `nestjs-coinflow-auth doctor: checks an application and what it depends on

  npx nestjs-coinflow-auth doctor [options]

Run it in the folder of the application, with its environment. It writes nothing,
creates nothing, and prints no secret.

  --env-file <path>      variables that the environment does not have (default .env)
  --redis <url>          the Redis to check (default REDIS_URL)
  --redis-prefix <text>  the prefix of the stores (default coinflow:)
  --webhook-url <url>    the webhook route of the running application, such as
                         http://127.0.0.1:3000/webhooks/coinflow
  --json                 one JSON object
  --help, -h             this text

Exit code: 0 without failed checks, 1 if a check failed, 2 for wrong arguments.`;

/** The arguments of the command. */
export interface Arguments {
  readonly isHelp: boolean;
  readonly isJson: boolean;
  readonly envFile: string | undefined;
  readonly redisUrl: string | undefined;
  readonly redisPrefix: string | undefined;
  readonly webhookUrl: string | undefined;
}

const OPTIONS = {
  'env-file': { type: 'string' },
  redis: { type: 'string' },
  'redis-prefix': { type: 'string' },
  'webhook-url': { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** @throws `UsageError` for arguments that the command does not know. Its message contains no value of an argument. */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parse(args);
  const [command, ...others] = positionals;
  if (!values.help && command === undefined)
    throw new UsageError('The command is missing: nestjs-coinflow-auth doctor');
  if (command !== undefined && command !== 'doctor') throw new UsageError('There is one command: doctor');
  if (others.length > 0) throw new UsageError('doctor takes options only');
  const { redis, 'redis-prefix': redisPrefix, 'webhook-url': webhookUrl } = values;
  assertUsable('--redis', () => redis === undefined || parseRedisUrl(redis));
  assertUsable('--redis-prefix', () => prefixOf({ prefix: redisPrefix }));
  if (webhookUrl !== undefined && !isHttpUrl(webhookUrl)) {
    throw new UsageError('--webhook-url: must be an http:// or https:// URL without a user name and a password');
  }
  return {
    isHelp: values.help,
    isJson: values.json,
    envFile: values['env-file'],
    redisUrl: redis,
    redisPrefix,
    webhookUrl,
  };
}

function parse(args: readonly string[]): ReturnType<typeof parseWith> {
  try {
    return parseWith(args);
  } catch (error) {
    // The messages of Node.js name the option, and nothing else that was given.
    throw new UsageError((error as Error).message.split('. ')[0] ?? 'wrong arguments');
  }
}

function parseWith(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
}

function assertUsable(option: string, use: () => unknown): void {
  try {
    use();
  } catch (error) {
    throw new UsageError(`${option}: ${(error as Error).message}`);
  }
}

function isHttpUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, username, password } = new URL(url);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}
