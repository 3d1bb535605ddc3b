// Generated from the option table by `npm run docs`. Do not edit.

/** The environment variables in the order of the option table, each with the first sentence of its option's docs. */
// prettier-ignore
export const VARIABLES: readonly { readonly name: string; readonly meaning: string }[] = [
  { name: 'COINFLOW_ENV', meaning: 'The Coinflow environment.' },
  { name: 'COINFLOW_API_KEY', meaning: "The merchant's secret API key from the Coinflow dashboard." },
  { name: 'COINFLOW_MERCHANT_ID', meaning: "The merchant's id, as in the Coinflow dashboard." },
  { name: 'COINFLOW_BASE_URL', meaning: 'The base URL of the Coinflow API, for example of a gateway or an emulator.' },
  { name: 'COINFLOW_SEAL_KEYS', meaning: 'Secrets of this application that attest its session keys and seal the shared store.' },
  { name: 'COINFLOW_CACHE_TTL_MS', meaning: 'How long, in milliseconds, a verified session is cached before its key is verified again.' },
  { name: 'COINFLOW_STALE_IF_ERROR_MS', meaning: 'How long, in milliseconds beyond ttlMs, a cached session is accepted while Coinflow is unavailable.' },
  { name: 'COINFLOW_VERIFICATIONS_PER_MINUTE', meaning: 'How many calls of Verify Token one replica makes in a minute at most, or all replicas together with a shared store.' },
  { name: 'COINFLOW_API_CALLS_PER_MINUTE', meaning: 'How many calls without the API key one replica makes in a minute at most, or all replicas together with a shared store.' },
  { name: 'COINFLOW_WEBHOOK_VALIDATION_KEY', meaning: 'The Webhook Validation Key of the Coinflow dashboard, several during a rotation.' },
  { name: 'COINFLOW_WEBHOOK_CONSUMER', meaning: 'The name of the consumer: the application, or the part of it, that handles these webhooks, such as billing.' },
];
