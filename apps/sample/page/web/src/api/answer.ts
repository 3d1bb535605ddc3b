import { textIn } from './shapes.js';

/** What came of one request. */
export interface Answer {
  /** 0 when none came. */
  readonly status: number;
  readonly body: unknown;
  /** The code of the package, if the answer has one. */
  readonly code: string | undefined;
  /** The words of the answer, if it has some. */
  readonly message: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly durationMs: number;
}

export interface Asking {
  readonly method?: 'GET' | 'POST' | 'PATCH';
  /** Sent as JSON. */
  readonly body?: object;
  readonly sessionKey?: string | undefined;
  readonly accessToken?: string;
  readonly signal?: AbortSignal | undefined;
  /** Before others that wait for one of the browser's few connections. */
  readonly isUrgent?: boolean;
}

/** Asks the sample. Whatever happens is an answer; nothing is thrown. */
export async function ask(path: string, asking: Asking = {}): Promise<Answer> {
  const began = performance.now();
  try {
    const response = await fetch(path, requestOf(asking));
    const body = parse(await response.text());
    const retryAfter = Number(response.headers.get('retry-after') ?? NaN);
    return {
      status: response.status,
      body,
      code: textIn(body, 'code'),
      message: textIn(body, 'message'),
      retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
      durationMs: performance.now() - began,
    };
  } catch {
    return {
      status: 0,
      body: undefined,
      code: undefined,
      message: 'The sample cannot be reached. Is it still running?',
      retryAfterSeconds: undefined,
      durationMs: performance.now() - began,
    };
  }
}

export function isFine({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

function requestOf({ method = 'GET', body, sessionKey, accessToken, signal, isUrgent }: Asking): RequestInit {
  const headers = new Headers({ accept: 'application/json' });
  if (body) headers.set('content-type', 'application/json');
  if (accessToken) headers.set('authorization', `Bearer ${accessToken}`);
  if (sessionKey) headers.set('x-coinflow-auth-session-key', sessionKey);
  return {
    method,
    headers,
    cache: 'no-store',
    credentials: 'omit',
    body: body && JSON.stringify(body),
    signal,
    priority: isUrgent ? 'high' : 'auto',
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
