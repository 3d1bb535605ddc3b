import { expect, it, jest } from '@jest/globals';
import { newDeadline } from './deadline.js';
import { currentWebhookKeys } from './webhook-request.js';

it('rejects a webhook as unavailable when the function in webhook.keys returns nothing within four seconds', async () => {
  jest.useFakeTimers();
  const keys = (): Promise<string> => new Promise<never>(() => undefined);
  const keysOrError = expect(currentWebhookKeys({ keys }, newDeadline())).rejects.toMatchObject({
    code: 'COINFLOW_WEBHOOK_UNAVAILABLE',
    reason: 'webhook-keys-function-timeout',
  });
  await jest.advanceTimersByTimeAsync(4_000);
  await keysOrError;
  jest.useRealTimers();
});
