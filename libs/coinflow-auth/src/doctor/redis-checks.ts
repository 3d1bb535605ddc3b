import { causeOf, isDenied, replyCode } from '../redis/redis-errors.js';
import { parseRedisUrl, prefixOf } from '../redis/redis-options.js';
import { safeText } from '../util/secrets.js';
import { failed, ok, result, type CheckId, type CheckResult } from './check-result.js';
import { majorOf } from './packages.js';
import { connectRedis, type DoctorRedis } from './redis-client.js';
import { checkPermissions } from './redis-permissions.js';

const OLDEST_VERSION = 5;
const IDS = ['redis', 'redis-shared-store', 'redis-deliveries', 'redis-eviction'] as const satisfies CheckId[];

/** What Redis says of itself. */
interface ServerFacts {
  readonly version?: string | undefined;
  readonly mode?: string | undefined;
  readonly role?: string | undefined;
}

/** Connects to Redis and reads. No command of these checks writes. */
export async function checkRedis(url: string | undefined, givenPrefix?: string): Promise<CheckResult[]> {
  if (url === undefined) return skipAll(IDS, 'no REDIS_URL and no --redis');
  const prefix = prefixOf({ prefix: givenPrefix });
  const connected = await connect(url);
  if ('id' in connected) return [connected, ...skipAll(IDS.slice(1), 'no connection')];
  try {
    const server = await checkServer(connected, addressOf(url));
    const permissions = await checkPermissions(connected, prefix).catch((error: unknown) =>
      skipAll(IDS.slice(1, 3), `could not be checked: ${textOf(error)}`),
    );
    return [server, ...permissions, await checkEviction(connected)];
  } finally {
    connected.close();
  }
}

function skipAll(ids: readonly CheckId[], why: string): CheckResult[] {
  return ids.map((id) => result(id, 'skipped', why));
}

async function connect(url: string): Promise<DoctorRedis | CheckResult> {
  try {
    const redis = await connectRedis(url);
    if (redis) return redis;
    return failed('redis', 'neither @redis/client nor ioredis is installed', 'Run npm install @redis/client.');
  } catch (error) {
    if (error instanceof TypeError) return failed('redis', error.message, 'Correct REDIS_URL.');
    return failed('redis', `${addressOf(url)}: ${textOf(error)}`, connectionAdvice(error));
  }
}

function connectionAdvice(error: unknown): string {
  if (/WRONGPASS|NOAUTH|without any password/.test(String(error)))
    return 'Correct the user and the password in REDIS_URL.';
  if (isDenied(error)) return 'Grant the Redis user the commands in docs/operations/redis.md.';
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(causeOf(error))) return 'For a private authority, set NODE_EXTRA_CA_CERTS.';
  return 'Check the host and port in REDIS_URL, rediss:// for TLS, and that the server is running.';
}

/** Without the user and the password. */
function addressOf(url: string): string {
  const { host, port } = parseRedisUrl(url).socket;
  return `${host}:${port}`;
}

async function checkServer(redis: DoctorRedis, address: string): Promise<CheckResult> {
  const { version, mode, role } = await serverFacts(redis);
  if (version === undefined) {
    return result('redis', 'warning', `${address} did not tell its version`, 'Run the doctor again.');
  }
  const found = `${address}, version ${version}`;
  if (role !== undefined && role !== 'master') {
    return failed('redis', `${found}, a read-only replica`, 'Use the address of the primary.');
  }
  if (majorOf(version) < OLDEST_VERSION) {
    return failed('redis', found, `Use Redis ${OLDEST_VERSION} or newer.`);
  }
  if (mode === 'cluster') {
    const advice = 'Pass the client of a cluster to the stores: a url is for a single Redis.';
    return result('redis', 'warning', `${found}, a node of a cluster`, advice);
  }
  return ok('redis', found);
}

/** `HELLO` needs no permission. Redis 5 does not know it. */
async function serverFacts(redis: DoctorRedis): Promise<ServerFacts> {
  const hello = await redis.send('HELLO').catch(() => undefined);
  if (Array.isArray(hello)) {
    const valueOf = (name: string): string | undefined => textAfter(hello, name);
    return { version: valueOf('version'), mode: valueOf('mode'), role: valueOf('role') };
  }
  const info = String(await redis.send('INFO').catch(() => ''));
  return {
    version: infoField(info, 'redis_version'),
    mode: infoField(info, 'redis_mode'),
    role: infoField(info, 'role'),
  };
}

/** `CONFIG` is often forbidden, and Redis keeps a list of denied commands. So it is the second choice. */
async function checkEviction(redis: DoctorRedis): Promise<CheckResult> {
  const policy = (await policyFromInfo(redis)) ?? (await policyFromConfig(redis));
  if (policy === 'noeviction') return ok('redis-eviction', 'maxmemory-policy noeviction');
  if (policy === undefined) {
    const advice = 'Check that maxmemory-policy is noeviction.';
    return result(
      'redis-eviction',
      'skipped',
      'could not be checked: the user may send neither CONFIG nor INFO',
      advice,
    );
  }
  return failed(
    'redis-eviction',
    `maxmemory-policy ${policy}: Redis may forget revocations and deliveries`,
    'Set maxmemory-policy noeviction.',
  );
}

async function policyFromInfo(redis: DoctorRedis): Promise<string | undefined> {
  return infoField(String(await redis.send('INFO', 'memory').catch(() => '')), 'maxmemory_policy');
}

async function policyFromConfig(redis: DoctorRedis): Promise<string | undefined> {
  const reply = await redis.send('CONFIG', 'GET', 'maxmemory-policy').catch(() => undefined);
  return Array.isArray(reply) ? textAfter(reply, 'maxmemory-policy') : undefined;
}

/** The value after a name in a flat list of names and values. */
function textAfter(list: readonly unknown[], name: string): string | undefined {
  const index = list.findIndex((one) => String(one) === name);
  return index < 0 ? undefined : String(list[index + 1]);
}

function infoField(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
}

function textOf(error: unknown): string {
  return safeText(replyCode(error) ?? causeOf(error), []);
}
