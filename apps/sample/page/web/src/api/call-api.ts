import { stringIn } from './type-guards.js';

/** The response to one request. */
export interface ApiResponse {
  /** 0 if there was no response. */
  readonly status: number;
  readonly body: unknown;
  /** The error code of the package, if the body has one. */
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly durationMs: number;
}

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH';
  /** Sent as JSON. */
  readonly body?: object;
  readonly sessionKey?: string | undefined;
  readonly accessToken?: string;
  readonly signal?: AbortSignal | undefined;
  /** Sent before other requests that wait for one of the browser's six connections. */
  readonly isHighPriority?: boolean;
}

/** Sends a request to the sample. Never throws: a network error is a response with the status 0. */
export async function callApi(path: string, request: ApiRequest = {}): Promise<ApiResponse> {
  const began = performance.now();
  try {
    const response = await fetch(path, toRequestInit(request));
    const body = parse(await response.text());
    const retryAfter = Number(response.headers.get('retry-after') ?? NaN);
    return {
      status: response.status,
      body,
      code: stringIn(body, 'code'),
      message: stringIn(body, 'message'),
      retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
      durationMs: performance.now() - began,
    };
  } catch {
    return {
      status: 0,
      body: undefined,
      code: undefined,
      message: 'The sample is unreachable. Is it still running?',
      retryAfterSeconds: undefined,
      durationMs: performance.now() - began,
    };
  }
}

export function isOk({ status }: Pick<ApiResponse, 'status'>): boolean {
  return status >= 200 && status < 300;
}

function toRequestInit(request: ApiRequest): RequestInit {
  const { method = 'GET', body, sessionKey, accessToken, signal, isHighPriority } = request;
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
    priority: isHighPriority ? 'high' : 'auto',
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
