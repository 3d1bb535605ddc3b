/**
 * What replicas share in Redis: sessions, revocations, the rate budget and webhook deliveries.
 * @module nestjs-coinflow-auth/redis
 */
export type { IoredisLike, NodeRedisLike, RedisConnectionOptions } from './redis-options.js';
export { redisSharedStore, type RedisSharedStoreOptions } from './redis-shared-store.js';
export { redisDeliveryStore } from './redis-delivery-store.js';
