import { signal } from '@preact/signals';
import type { CoinflowAuthMetrics } from 'nestjs-coinflow-auth';
import type { DemoState } from '../../../backend/demo-api.js';
import { callApi, isOk } from './call-api.js';
import { isDemoState, isMetrics } from './type-guards.js';

export type Loading =
  { readonly state: 'loading' } | { readonly state: 'ready' } | { readonly state: 'failed'; readonly reason: string };

/** The state of the sample; `undefined` while it is loading. */
export const sample = signal<DemoState | undefined>(undefined);
export const loading = signal<Loading>({ state: 'loading' });

export async function loadSample(): Promise<void> {
  loading.value = { state: 'loading' };
  const response = await callApi('/demo/state');
  if (isOk(response) && isDemoState(response.body)) {
    sample.value = response.body;
    loading.value = { state: 'ready' };
  } else {
    loading.value = { state: 'failed', reason: failureReason(response.status, response.message) };
  }
}

/** The current metrics of the module; `undefined` if they cannot be read. */
export async function readMetrics(): Promise<CoinflowAuthMetrics | undefined> {
  const { body } = await callApi('/coinflow/metrics', { isHighPriority: true });
  return isMetrics(body) ? body : undefined;
}

function failureReason(status: number, message: string | undefined): string {
  if (status === 403)
    return 'The demo page works on this machine only. Open it at http://localhost or http://127.0.0.1.';
  if (status === 0) return 'The sample does not respond. Is it still running?';
  return `The sample responds with ${status}${message ? `: ${message}` : ''}.`;
}
