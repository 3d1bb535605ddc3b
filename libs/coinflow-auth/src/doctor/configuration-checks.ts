import { result, type CheckResult, type DoctorInput } from './check-result.js';
import { checkApiKey } from './api-key-check.js';
import { checkBaseUrl, checkCoinflow } from './coinflow-checks.js';
import { checkRedis } from './redis-checks.js';
import { checkVariables } from './variable-checks.js';
import { checkWebhookRoute } from './webhook-route-check.js';

/** The checks that need the peers: they use the same code as the application. */
export async function configurationChecks(input: DoctorInput, file: string | undefined): Promise<CheckResult[]> {
  const { results, options } = checkVariables(input, file);
  const coinflow = options
    ? await coinflowChecks(options)
    : (['base-url', 'coinflow', 'clock', 'api-key'] as const).map((id) =>
        result(id, 'skipped', 'the variables have problems'),
      );
  const redis = await checkRedis(input.redisUrl, input.redisPrefix);
  return [...results, ...coinflow, ...redis, await checkWebhookRoute(input.webhookUrl)];
}

/** The API key is sent only to a server that has rejected a random session key, as Coinflow does. */
async function coinflowChecks(options: Parameters<typeof checkCoinflow>[0]): Promise<CheckResult[]> {
  const baseUrl = await checkBaseUrl(options);
  if (baseUrl.status === 'failed') {
    const skipped = (['coinflow', 'clock', 'api-key'] as const).map((id) =>
      result(id, 'skipped', 'the base URL is wrong'),
    );
    return [baseUrl, ...skipped];
  }
  const [coinflow, clock] = await checkCoinflow(options);
  const apiKey =
    coinflow.status === 'ok'
      ? await checkApiKey(options)
      : result('api-key', 'skipped', 'it is sent only to a server that rejects a random session key');
  return [baseUrl, coinflow, clock, apiKey];
}
