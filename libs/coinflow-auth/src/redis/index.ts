export type { IoredisLike, NodeRedisLike, RedisConnectionOptions } from './redis-options.js';
export { redisCoinflowMemory, type RedisCoinflowMemoryOptions } from './redis-coinflow-memory.js';
export { redisDeliveries } from './redis-deliveries.js';
