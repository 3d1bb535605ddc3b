import { signal } from '@preact/signals';
import type { CoinflowAuthMetrics } from 'nestjs-coinflow-auth';
import type { DemoState } from '../../../backend/demo-api.js';
import { ask, isFine } from './answer.js';
import { isDemoState, isMetrics } from './shapes.js';

export type Loading =
  { readonly is: 'loading' } | { readonly is: 'ready' } | { readonly is: 'failed'; readonly why: string };

/** What the sample is; `undefined` until it has said so. */
export const sample = signal<DemoState | undefined>(undefined);
export const loading = signal<Loading>({ is: 'loading' });

export async function loadSample(): Promise<void> {
  loading.value = { is: 'loading' };
  const answer = await ask('/demo/state');
  if (isFine(answer) && isDemoState(answer.body)) {
    sample.value = answer.body;
    loading.value = { is: 'ready' };
  } else {
    loading.value = { is: 'failed', why: whyNot(answer.status, answer.message) };
  }
}

/** The figures at this moment. */
export async function readFigures(): Promise<CoinflowAuthMetrics | undefined> {
  const { body } = await ask('/coinflow/metrics', { isUrgent: true });
  return isMetrics(body) ? body : undefined;
}

function whyNot(status: number, message: string | undefined): string {
  if (status === 403)
    return 'The sample shows this page’s inside only to this machine. Open it at http://localhost or http://127.0.0.1.';
  if (status === 0) return 'The sample does not answer. Is it still running?';
  return `The sample answers ${status}${message ? `: ${message}` : ''}.`;
}
