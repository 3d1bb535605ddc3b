import { isDenied } from '../redis/redis-errors.js';
import { ok, result, type CheckResult } from './check-result.js';
import type { DoctorRedis } from './redis-client.js';

type Command = readonly [name: string, ...values: string[]];
type Store = (typeof STORES)[number];

const STORES = ['redis-shared-store', 'redis-deliveries'] as const;

/** The commands that each store sends, as `docs/operations/redis.md` lists them, with arguments that have the key in its place. */
export const STORE_COMMANDS: Readonly<Record<Store, (key: string) => readonly Command[]>> = {
  'redis-shared-store': (key) => [
    ['get', key],
    ['set', key, 'value', 'PX', '1'],
    ['incr', key],
    ['del', key],
    ['decr', key],
    ['pttl', key],
    ['zrangebyscore', key, '0', '1'],
    ['zrem', key, 'member'],
    ['zscore', key, 'member'],
    ['zadd', key, '1', 'member'],
    ['hdel', key, 'field'],
    ['hexists', key, 'field'],
    ['hset', key, 'field', 'value'],
    ['hmget', key, 'field'],
    ['hincrby', key, 'field', '1'],
    ['hscan', key, '0'],
    ['publish', key, 'message'],
    ['subscribe', key],
    ['time'],
  ],
  'redis-deliveries': (key) => [
    ['get', key],
    ['set', key, 'value', 'PX', '1'],
    ['pexpire', key, '1'],
    ['del', key],
    ['sadd', key, 'member'],
    ['smembers', key],
    ['pttl', key],
    ['time'],
  ],
};

/** Asks Redis which commands its user may not send. It sends none of them, so nothing is written. Redis 7 or newer. */
const DENIED_COMMANDS = `
if not redis.acl_check_cmd then return 'unsupported' end
local denied = {}
for _, command in ipairs(cjson.decode(ARGV[1])) do
  local known, allowed = pcall(redis.acl_check_cmd, unpack(command))
  if not (known and allowed) then denied[#denied + 1] = command[1] end
end
return denied`;

/**
 * Whether the Redis user may send the commands of each store. A user for one store may lack all commands that only the other
 * store sends: that is a warning.
 */
export async function checkPermissions(redis: DoctorRedis, prefix: string): Promise<CheckResult[]> {
  const key = `${prefix}doctor`;
  const denied = {
    'redis-shared-store': await deniedCommands(redis, 'redis-shared-store', key),
    'redis-deliveries': await deniedCommands(redis, 'redis-deliveries', key),
  };
  return STORES.map((store, i) => {
    const commands = denied[store];
    if (!commands) return result(store, 'skipped', 'could not be checked: Redis before version 7');
    if (commands.length === 0) return ok(store, `the user may send all commands for ${prefix}*`);
    const other = STORES[1 - i] ?? store;
    const isForOther =
      denied[other]?.length === 0 && commandsOfOnly(store, other).every((one) => commands.includes(one));
    return denial(store, commands, isForOther);
  });
}

/** @returns `undefined` if Redis cannot tell */
async function deniedCommands(redis: DoctorRedis, store: Store, key: string): Promise<string[] | undefined> {
  try {
    const commands = JSON.stringify(STORE_COMMANDS[store](key));
    const reply = await redis.send('EVAL', DENIED_COMMANDS, '1', key, commands);
    return Array.isArray(reply) ? reply.map(String) : undefined;
  } catch (error) {
    if (isDenied(error)) return ['eval'];
    throw error;
  }
}

function commandsOfOnly(store: Store, other: Store): string[] {
  const others = namesOf(other);
  return namesOf(store).filter((name) => !others.includes(name));
}

function namesOf(store: Store): string[] {
  return STORE_COMMANDS[store]('').map(([name]) => name);
}

function denial(store: Store, commands: readonly string[], isForOther: boolean): CheckResult {
  const list = commands.map((command) => `+${command}`).join(' ');
  const keys = hasNoKeys(commands) ? ', or has no access to the keys' : '';
  return result(
    store,
    isForOther ? 'warning' : 'failed',
    `the user may not send ${commands.join(', ')}${keys}`,
    ...(isForOther ? ['Nothing, if this user is for the other store.'] : []),
    `Grant ${list}, and the keys and channels of the prefix: see "Permissions" in docs/operations/redis.md.`,
  );
}

/** Redis denies a command also because of its keys. */
function hasNoKeys(denied: readonly string[]): boolean {
  return denied[0] === 'eval' || (denied.includes('get') && denied.includes('set'));
}
