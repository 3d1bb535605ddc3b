import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { deliveryStoreContract } from '../../../../test/delivery-store-contract.js';
import { InMemoryDeliveryStore } from './in-memory-delivery-store.js';

describe('InMemoryDeliveryStore', () => {
  // Every new store is empty.
  deliveryStoreContract(
    () => new InMemoryDeliveryStore(),
    delay,
    () => delay(2),
  );

  it('evicts the oldest delivery that has succeeded, but no running one', async () => {
    const store = new InMemoryDeliveryStore(2);
    await store.claim('running', 60_000);
    for (const id of ['first', 'second', 'third']) {
      const claim = await store.claim(id, 60_000);
      if (claim.state === 'won') await store.complete(id, claim.token, 60_000);
    }
    const states = [];
    for (const id of ['running', 'third', 'second', 'first']) states.push((await store.claim(id, 1)).state);
    expect(states).toEqual(['running', 'done', 'done', 'won']);
  });
});
