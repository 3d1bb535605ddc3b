import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { CoinflowWebhookOptions } from '../options/coinflow-auth-options.js';
import { resolveOptions } from '../options/resolve-options.js';
import { verifyWebhook, type ReceivedWebhook } from './verify-webhook.js';
import { signWebhook } from './signature.js';

const never = new Promise<never>(() => undefined);

function receive(options: Partial<CoinflowWebhookOptions>): Promise<ReceivedWebhook> {
  const rawBody = JSON.stringify({ eventType: 'Settled', data: { merchantId: 'seller-1' } });
  const headers = { 'content-type': 'application/json', 'coinflow-signature': signWebhook({ rawBody, keys: 'key' }) };
  const merchantId = 'my-merchant';
  const { webhook } = resolveOptions({ env: 'local', apiKey: 'key', merchantId, webhook: { keys: 'key', ...options } });
  return verifyWebhook({ headers, rawBody }, { merchantId, options: webhook!, isRecorded: true });
}

describe('verifyWebhook', () => {
  beforeEach(() => void jest.useFakeTimers());

  afterEach(() => void jest.useRealTimers());

  it.each<[string, string, Partial<CoinflowWebhookOptions>]>([
    ['webhook.keys', 'webhook-keys-function-timeout', { keys: () => never }],
    ['webhook.acceptMerchant', 'accept-merchant-timeout', { acceptMerchant: () => never }],
  ])('rejects a webhook as unavailable when %s does not respond within four seconds', async (_, reason, options) => {
    const settled = jest.fn();
    const received = receive(options).catch(settled);
    await jest.advanceTimersByTimeAsync(3_999);
    expect(settled).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    await received;
    expect(settled).toHaveBeenCalledWith(expect.objectContaining({ code: 'COINFLOW_WEBHOOK_UNAVAILABLE', reason }));
  });
});
