/** A Coinflow environment: `sandbox` for development, `prod` for real money; the others as in Coinflow's own SDK. */
export type CoinflowEnv = 'sandbox' | 'prod' | 'staging' | 'staging-live' | 'local';

/** The base URL of each environment's API. */
export const COINFLOW_BASE_URLS: Readonly<Record<CoinflowEnv, string>> = {
  sandbox: 'https://api-sandbox.coinflow.cash',
  prod: 'https://api.coinflow.cash',
  staging: 'https://api-staging.coinflow.cash',
  'staging-live': 'https://api-staging-live.coinflow.cash',
  local: 'http://localhost:5000',
};

/** @returns the requirement that a base URL does not meet. The API key is sent to it, so it must use TLS or stay on this machine. */
export function baseUrlProblem(value: unknown, allowPlainHttp: boolean): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value))
    return 'must be an absolute URL such as https://api.example.com';
  const url = new URL(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return 'must begin with https:// (or http:// for this machine)';
  if (url.username || url.password) return 'must not contain a user name or password';
  if (url.search || url.hash) return 'must not contain a query or a fragment';
  if (/\/api\/*$/.test(url.pathname)) return 'must not end in /api: the module adds that itself';
  if (url.protocol === 'http:' && !allowPlainHttp && !isLoopback(url.hostname)) {
    return 'must begin with https://, unless it points at this machine or allowPlainHttp is true: the API key is sent to it';
  }
  return undefined;
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(?:\.\d+){3}$/.test(hostname)
  );
}
