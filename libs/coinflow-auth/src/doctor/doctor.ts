import { CHECK_TITLES, result, type CheckId, type CheckResult, type DoctorInput } from './check-result.js';
import { HELP, UsageError, readArguments } from './command-line.js';
import { readEnvironment } from './environment-file.js';
import { checkNestVersions, checkNode, checkPackage, checkPeers } from './installation-checks.js';
import { hasFailed, toJson, toText, withoutSecrets } from './output.js';
import { ownManifest } from './packages.js';

export { UsageError };

/** The process that runs the doctor. */
export interface DoctorProcess {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly nodeVersion: string;
  readonly hasColour: boolean;
  /** Called once, with the complete output. */
  print(text: string): void;
}

/**
 * `nestjs-coinflow-auth doctor`.
 * @returns the exit code: 0, or 1 if a check failed
 * @throws `UsageError` for wrong arguments
 */
export async function runDoctor(args: readonly string[], process: DoctorProcess): Promise<0 | 1> {
  const { isHelp, isJson, envFile, redisUrl, ...rest } = readArguments(args);
  if (isHelp) {
    process.print(HELP);
    return 0;
  }
  const environment = readEnvironment(process.cwd, process.env, envFile);
  if (!environment) throw new UsageError('--env-file: there is no such file');
  const { env, file } = environment;
  const input = { ...rest, cwd: process.cwd, env, redisUrl: redisUrl ?? (env.REDIS_URL?.trim() || undefined) };
  const results = withoutSecrets(await runChecks(input, file, process.nodeVersion), secretsOf(input));
  process.print(isJson ? toJson(results, ownManifest().version) : toText(results, process.hasColour));
  return hasFailed(results) ? 1 : 0;
}

async function runChecks(input: DoctorInput, file: string | undefined, nodeVersion: string): Promise<CheckResult[]> {
  const manifest = ownManifest();
  const installation = [
    checkNode(nodeVersion, manifest),
    checkPackage(input.cwd),
    checkPeers(input.cwd, manifest),
    checkNestVersions(input.cwd),
  ];
  // Loaded late: without the peers these modules cannot be loaded, which the checks above report.
  const others = await import('./configuration-checks.js').catch(() => undefined);
  return [...installation, ...(others ? await others.configurationChecks(input, file) : withoutPeers(installation))];
}

function withoutPeers(done: readonly CheckResult[]): CheckResult[] {
  const ids = (Object.keys(CHECK_TITLES) as CheckId[]).filter((id) => done.every((one) => one.id !== id));
  return ids.map((id) => result(id, 'skipped', 'the package cannot be loaded without its peers'));
}

/** The values that no output may contain. */
function secretsOf({ env, redisUrl, webhookUrl }: DoctorInput): string[] {
  const lists = [env.COINFLOW_API_KEY, env.COINFLOW_WEBHOOK_VALIDATION_KEY, env.COINFLOW_SEAL_KEYS];
  const values = lists.flatMap((list) => [list?.trim() ?? '', ...(list?.split(/\s*,\s*/) ?? [])]);
  const password = redisUrl !== undefined && URL.canParse(redisUrl) ? new URL(redisUrl).password : '';
  return [...values, redisUrl ?? '', password, decoded(password), webhookUrl?.split('?')[1] ?? ''];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
