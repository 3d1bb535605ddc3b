export type { IoredisLike, NodeRedisLike, RedisConnectionOptions } from './redis-options.js';
export { redisSharedStore, type RedisSharedStoreOptions } from './redis-shared-store.js';
export { redisDeliveryStore } from './redis-delivery-store.js';
