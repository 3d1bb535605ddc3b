import { request as http } from 'node:http';
import { request as https } from 'node:https';
import type { WebhookMessage } from './webhook-message.js';

/** The status of the response, or the reason why there is none. */
export interface Posted {
  status: number | undefined;
  error: string | undefined;
}

/** Posts a message over a new connection without following redirects. */
export function post(url: string, { body, headers }: WebhookMessage, signal: AbortSignal): Promise<Posted> {
  return new Promise((resolve) => {
    const send = url.startsWith('https:') ? https : http;
    const outgoing = send(url, { method: 'POST', agent: false, signal, headers });
    const fail = (error: NodeJS.ErrnoException): void => {
      const isLate = (signal.reason as Error | undefined)?.name === 'TimeoutError';
      resolve({ status: undefined, error: isLate ? 'timeout' : (error.code ?? error.message) });
    };
    outgoing.once('error', fail).once('response', (response) => {
      response.once('error', fail).once('end', () => resolve({ status: response.statusCode, error: undefined }));
      response.resume();
    });
    outgoing.end(body);
  });
}
