export type { RedisClientLike, RedisConnectionOptions, RedisSubscriberLike } from './redis-connection.js';
export { redisCoinflowMemory } from './redis-coinflow-memory.js';
export { redisDeliveries } from './redis-deliveries.js';
