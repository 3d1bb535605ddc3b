export type { RedisClientLike, RedisConnectionOptions } from './redis-connection.js';
export { redisDeliveries } from './redis-deliveries.js';
