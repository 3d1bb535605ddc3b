export type { RedisClientLike, RedisConnectionOptions, RedisSubscriberLike } from './redis-client.js';
export { redisCoinflowMemory, type RedisCoinflowMemoryOptions } from './redis-coinflow-memory.js';
export { redisDeliveries } from './redis-deliveries.js';
