import { isDenied } from '../redis/redis-errors.js';
import { failed, ok, result, type CheckId, type CheckResult } from './check-result.js';
import type { DoctorRedis } from './redis-client.js';

type Command = readonly [name: string, ...values: string[]];
type Store = Extract<CheckId, 'redis-shared-store' | 'redis-deliveries'>;

/** The commands that each store sends, as `docs/redis.md` lists them, with arguments that have the key in its place. */
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

/** Whether the Redis user may send the commands of each store. A user for one of the stores needs only that store's. */
export async function checkPermissions(redis: DoctorRedis, prefix: string): Promise<CheckResult[]> {
  const stores = Object.keys(STORE_COMMANDS) as Store[];
  const results: CheckResult[] = [];
  for (const store of stores) results.push(await checkStore(redis, store, `${prefix}doctor`));
  const suitsOne = results.some(({ status }) => status === 'ok');
  return results.map((one) => {
    if (!suitsOne || one.status !== 'failed') return one;
    return { ...one, status: 'warning', advice: ['Nothing, if this user is for the other store.', ...one.advice] };
  });
}

async function checkStore(redis: DoctorRedis, store: Store, key: string): Promise<CheckResult> {
  try {
    const commands = JSON.stringify(STORE_COMMANDS[store](key));
    const reply = await redis.send('EVAL', DENIED_COMMANDS, '1', key, commands);
    if (!Array.isArray(reply)) return result(store, 'skipped', 'could not be checked: Redis before version 7');
    if (reply.length === 0) return ok(store, `the user may send all commands for ${key.replace(/doctor$/, '*')}`);
    return denied(store, reply.map(String));
  } catch (error) {
    if (isDenied(error)) return denied(store, ['eval']);
    throw error;
  }
}

function denied(store: Store, commands: readonly string[]): CheckResult {
  const list = commands.map((command) => `+${command}`).join(' ');
  const keys = hasNoKeys(commands) ? ', or has no access to the keys' : '';
  return failed(
    store,
    `the user may not send ${commands.join(', ')}${keys}`,
    `Grant ${list}, and the keys and channels of the prefix: see "Permissions" in docs/redis.md.`,
  );
}

/** Redis denies a command also because of its keys. */
function hasNoKeys(denied: readonly string[]): boolean {
  return denied[0] === 'eval' || (denied.includes('get') && denied.includes('set'));
}
