import axios, { type AxiosRequestConfig, type AxiosResponse } from 'axios';
import type { SessionKeys } from './session-keys.js';

type Answer = Pick<AxiosResponse<string>, 'status' | 'headers' | 'data'>;

/**
 * Answers the calls to Coinflow where Axios would begin to work, for instances of Axios that are made afterwards. Axios and
 * sockets would take most of the time in which a million sessions are created; the library's own code runs as ever.
 */
export function answerCoinflowInProcess(keys: SessionKeys): void {
  const create = axios.create.bind(axios);
  const get = (url: string, { headers }: AxiosRequestConfig = {}): Promise<Answer> =>
    Promise.resolve(answer(url, headers as Record<string, string>, keys));
  axios.create = (defaults) => Object.assign(create(defaults), { get });
}

function answer(url: string, headers: Record<string, string>, keys: SessionKeys): Answer {
  if (url.endsWith('/session-key')) {
    return json(200, { key: keys.make(headers['x-coinflow-auth-user-id'] ?? '') });
  }
  const isGenuine = keys.isGenuine(headers['x-coinflow-auth-session-key'] ?? '');
  return isGenuine ? json(200, {}) : json(401, { message: 'no' });
}

function json(status: number, body: object): Answer {
  return { status, headers: { 'content-type': 'application/json' }, data: JSON.stringify(body) };
}
