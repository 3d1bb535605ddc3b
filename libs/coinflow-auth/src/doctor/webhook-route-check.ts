import { randomBytes } from 'node:crypto';
import { safeText } from '../util/secrets.js';
import { failed, ok, result, type CheckResult } from './check-result.js';

const ID = 'webhook-route';
/** As long as Coinflow waits. */
const TIMEOUT_MS = 5_000;
const MAX_BODY = 16_384;

/** The parts of a response that the check reads. */
interface RouteResponse {
  readonly status: number;
  readonly challenge: string;
  readonly location: string;
  readonly isHtml: boolean;
  /** The `code` of the package's errors. */
  readonly code: string | undefined;
}

/** Sends a webhook with a wrong signature, which the route must reject with the package's own 401. */
export async function checkWebhookRoute(url: string | undefined): Promise<CheckResult> {
  if (url === undefined) return result(ID, 'skipped', 'no --webhook-url');
  try {
    return judge(await sendForged(url), displayOf(url));
  } catch (error) {
    return failed(ID, `${displayOf(url)}: ${problemOf(error)}`, 'Start the application, and check the URL.');
  }
}

function judge(response: RouteResponse, url: string): CheckResult {
  const { status, code, challenge } = response;
  if (status === 401 && code === 'COINFLOW_WEBHOOK_SIGNATURE_INVALID' && /^CoinflowSignature\b/.test(challenge)) {
    return ok(ID, `${url} rejects a wrong signature`);
  }
  const [found, advice] = explain(response);
  return failed(ID, `${url} answered ${status}${code ? ` (${code})` : ''}: ${found}`, advice);
}

function explain({ status, code, isHtml, location }: RouteResponse): [found: string, advice: string] {
  if (status >= 200 && status < 300) {
    return ['it accepts a forged webhook', 'Put @CoinflowWebhook() on the route, and check which route answers.'];
  }
  if (status >= 300 && status < 400) {
    return [
      `a redirect${location && ` to ${location}`}, which Coinflow may not follow`,
      'Use the final URL, and exempt the route from logins and redirects.',
    ];
  }
  if (code === 'COINFLOW_MISCONFIGURED') {
    return [
      'the application keeps no raw body, or the route has no webhook key',
      'Pass { rawBody: true } to NestFactory.create(), run no other JSON parser, and read the log of the application.',
    ];
  }
  if (code !== undefined) return ['the package did not get to the signature', 'Read the log of the application.'];
  if (isHtml) return ['HTML, which a proxy or another application sent', 'Check the URL, and let POSTs to it through.'];
  if (status === 404 || status === 405) {
    return [
      'the application has no such route',
      'Check the path, a global prefix and the versioning of the application.',
    ];
  }
  if (status === 401 || status === 403) {
    return [
      'another guard or a proxy answered first',
      'Exempt the route from global guards, CSRF checks and logins: the signature authenticates it.',
    ];
  }
  return ['not an answer of the package', 'Read the log of the application and of the proxies before it.'];
}

async function sendForged(url: string): Promise<RouteResponse> {
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: {
      'content-type': 'application/json',
      'coinflow-signature': `t=${Math.floor(Date.now() / 1_000)},v1=${randomBytes(32).toString('hex')}`,
      'user-agent': 'nestjs-coinflow-auth doctor',
    },
    body: JSON.stringify({ eventType: 'Doctor', category: 'Purchase', created: new Date().toISOString(), data: {} }),
  });
  const text = (await response.text()).slice(0, MAX_BODY);
  return {
    status: response.status,
    challenge: response.headers.get('www-authenticate') ?? '',
    location: displayOf(response.headers.get('location') ?? '', url),
    isHtml: /html/.test(response.headers.get('content-type') ?? '') || /^\s*</.test(text),
    code: codeOf(text),
  };
}

function codeOf(text: string): string | undefined {
  try {
    const { code } = Object(JSON.parse(text)) as { code?: unknown };
    return typeof code === 'string' && /^COINFLOW_[A-Z_]{1,64}$/.test(code) ? code : undefined;
  } catch {
    return undefined;
  }
}

/** A URL without credentials and query, which can contain secrets. */
function displayOf(url: string, base?: string): string {
  if (url === '' || !URL.canParse(url, base)) return '';
  const { origin, pathname } = new URL(url, base);
  return safeText(`${origin}${pathname}`, []);
}

function problemOf(error: unknown): string {
  const { name, message, cause } = error as Error;
  if (name === 'TimeoutError') return `no response within ${TIMEOUT_MS / 1_000} s`;
  const { code } = Object(cause) as { code?: unknown };
  return safeText(typeof code === 'string' ? code : message, []);
}
