import { request, type IncomingHttpHeaders } from 'node:http';

export interface SendOptions {
  method?: string;
  /** An array sends the header more than once, which `fetch` cannot do. */
  headers?: Record<string, string | string[]>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent unchanged, with the content type of `headers` only. */
  raw?: Uint8Array | string;
  /** Hangs up when it is aborted. */
  signal?: AbortSignal;
}

export interface SentResponse {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The parsed body; `undefined` if it is not JSON. */
  body: unknown;
}

/** Sends one HTTP request over a real socket. */
export function send(
  url: string,
  { method = 'GET', headers = {}, body, raw, signal }: SendOptions = {},
): Promise<SentResponse> {
  return new Promise((resolve, reject) => {
    const json = body === undefined ? undefined : JSON.stringify(body);
    const outgoing = request(url, {
      method,
      agent: false,
      signal,
      headers: { ...headers, ...(json && { 'content-type': 'application/json' }) },
    });
    outgoing.once('error', reject).once('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parse(text) }),
      );
    });
    outgoing.end(raw ?? json);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
