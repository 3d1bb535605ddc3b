import axios, { AxiosHeaders, type AxiosAdapter, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import type { SessionKeys } from './session-keys.js';

/**
 * Answers the library's calls to Coinflow without a socket: a million sessions are obtained in a minute, through all of
 * the library's own code. For instances of Axios that are made afterwards.
 */
export function answerCoinflowInProcess(keys: SessionKeys): void {
  const adapter: AxiosAdapter = (config) => Promise.resolve(answer(config, keys));
  axios.defaults.adapter = adapter;
}

function answer(config: InternalAxiosRequestConfig, keys: SessionKeys): AxiosResponse<string> {
  const header = (name: string): string => String(config.headers.get(name));
  const isMinting = config.url?.endsWith('/session-key');
  const isGood = isMinting || keys.isGenuine(header('x-coinflow-auth-session-key'));
  const body = isMinting ? { key: keys.make(header('x-coinflow-auth-user-id')) } : isGood ? {} : { message: 'no' };
  return {
    status: isGood ? 200 : 401,
    statusText: '',
    data: JSON.stringify(body),
    headers: new AxiosHeaders({ 'content-type': 'application/json' }),
    config,
  };
}
