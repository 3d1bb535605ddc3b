import { parseArgs } from 'node:util';
import { CONTROLS, type CoinflowEmulatorOptions, type EmulatorControl } from './emulator-options.js';
import { DEFAULT_MERCHANTS, type EmulatorMerchant } from './merchants.js';
import { MAX_LIFETIME_SECONDS } from './issuance.js';
import { ASSUMED_LIMITS, MAX_LIMIT } from './rate-limits.js';
import { readHosts, readOrigins } from './validation.js';

/** The default port of the command. */
export const DEFAULT_PORT = 4010;

const FLAGS = {
  port: { type: 'string', short: 'p' },
  host: { type: 'string', default: '127.0.0.1' },
  merchant: { type: 'string', multiple: true },
  'limit-with-key': { type: 'string', default: String(ASSUMED_LIMITS.withKey) },
  'limit-without-key': { type: 'string', default: String(ASSUMED_LIMITS.withoutKey) },
  'session-lifetime': { type: 'string', default: '86400' },
  control: { type: 'string', default: 'loopback' },
  'allow-origin': { type: 'string', multiple: true },
  'allow-host': { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** An invalid command line. The message says what to do. */
export class UsageError extends Error {}

export type CommandOptions = CoinflowEmulatorOptions & { port: number; host: string };

/**
 * Parses the command line.
 * @returns `undefined` for `--help`
 * @throws `UsageError` for an invalid option
 */
export function readCommandLine(args: string[], env: NodeJS.ProcessEnv): CommandOptions | undefined {
  const flags = parse(args);
  if (flags.help) return undefined;
  return {
    port: wholeNumber(flags.port ?? (env.COINFLOW_EMULATOR_PORT || String(DEFAULT_PORT)), 0, 65_535, 'port'),
    host: flags.host,
    merchants: merchantsOf(flags.merchant ?? []),
    limits: {
      withKey: wholeNumber(flags['limit-with-key'], 0, MAX_LIMIT, 'limit'),
      withoutKey: wholeNumber(flags['limit-without-key'], 0, MAX_LIMIT, 'limit'),
    },
    issuance: { lifetimeSeconds: wholeNumber(flags['session-lifetime'], 1, MAX_LIFETIME_SECONDS, 'session lifetime') },
    control: controlOf(flags.control),
    allowOrigins: asUsageError(() => readOrigins(flags['allow-origin'], '--allow-origin')),
    allowHosts: asUsageError(() => readHosts(flags['allow-host'], '--allow-host')),
  };
}

function parse(args: string[]): ReturnType<typeof parseArgs<{ options: typeof FLAGS }>>['values'] {
  try {
    return parseArgs({ args, options: FLAGS }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}. See coinflow-emulator --help.`);
  }
}

function wholeNumber(text: string, least: number, most: number, what: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new UsageError(`"${text}" is not a valid ${what}. Pass a number from ${least} to ${most}.`);
  }
  return value;
}

function asUsageError(read: () => string[]): string[] {
  try {
    return read();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function controlOf(text: string): EmulatorControl {
  const control = CONTROLS.find((known) => known === text);
  if (!control) throw new UsageError(`"${text}" is not valid for --control. Pass one of ${CONTROLS.join(', ')}.`);
  return control;
}

function merchantsOf(texts: string[]): readonly EmulatorMerchant[] {
  if (texts.length === 0) return DEFAULT_MERCHANTS;
  // Error messages name the position and not the value, which may contain a real API key.
  const merchants = texts.map((text, index) => {
    // Characters that HTTP headers keep. Whitespace at the ends would be lost.
    const [, merchantId, apiKey] = /^([!-<>-~]+)=([!-~]+)$/.exec(text) ?? [];
    if (!merchantId || !apiKey) {
      throw new UsageError(`--merchant number ${index + 1} must be id=apiKey, both in visible ASCII without spaces.`);
    }
    return { merchantId, apiKey };
  });
  for (const part of ['merchantId', 'apiKey'] as const) {
    if (new Set(merchants.map((merchant) => merchant[part])).size < merchants.length) {
      throw new UsageError(`Two merchants have the same ${part === 'apiKey' ? 'API key' : 'id'}.`);
    }
  }
  return merchants;
}
