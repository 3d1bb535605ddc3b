import { expect, it, jest } from '@jest/globals';
import { newDeadline } from './deadline.js';
import { isAccepted } from './merchant-acceptance.js';

it('rejects an event as unavailable when acceptMerchant does not respond within four seconds', async () => {
  jest.useFakeTimers();
  const event = { eventType: 'Settled', data: { merchantId: 'seller-1' } };
  const never = new Promise<never>(() => undefined);
  const accepted = expect(isAccepted(event, 'my-merchant', () => never, newDeadline())).rejects.toMatchObject({
    code: 'COINFLOW_WEBHOOK_UNAVAILABLE',
    reason: 'accept-merchant-timeout',
  });
  await jest.advanceTimersByTimeAsync(4_000);
  await accepted;
  jest.useRealTimers();
});
