import { expect, it, jest } from '@jest/globals';
import { newDeadline } from '../deliveries/deadline.js';
import { currentWebhookKeys } from './webhook-keys.js';

it('a function as webhook.keys that has given nothing after four seconds is unavailable', async () => {
  jest.useFakeTimers();
  const keys = (): Promise<string> => new Promise<never>(() => undefined);
  const given = expect(currentWebhookKeys({ keys }, newDeadline())).rejects.toMatchObject({
    code: 'COINFLOW_WEBHOOK_UNAVAILABLE',
    reason: 'webhook-keys-function-timeout',
  });
  await jest.advanceTimersByTimeAsync(4_000);
  await given;
  jest.useRealTimers();
});
