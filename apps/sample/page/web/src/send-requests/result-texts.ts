import {
  COINFLOW_AUTH_ERRORS,
  type CoinflowAuthErrorCode,
} from '../../../../../../libs/coinflow-auth/src/errors/error-statuses.js';
import { isOk } from '../api/call-api.js';
import { plural } from '../ui/format.js';
import type { ResponseGroup } from './run.js';

/** Explains a response in a sentence: by its code as in docs/reference/errors.md, otherwise by its status. */
export function meaningOf(status: number, code: string | undefined): string {
  if (code !== undefined && isKnown(code)) return COINFLOW_AUTH_ERRORS[code].when.replaceAll('`', '');
  if (status === 0) return 'No response.';
  if (isOk({ status })) return 'Success.';
  if (status === 401) return 'The merchant’s own login rejected the request.';
  if (status === 429) return 'Too many logins from this network.';
  return status >= 500 ? 'The sample failed.' : 'The request is invalid.';
}

/** Summarises many responses for screen readers. */
export function summarise(groups: readonly ResponseGroup[], calls: number | undefined): string {
  const total = groups.reduce((sum, group) => sum + group.count, 0);
  const succeeded = groups.filter(isOk).reduce((sum, group) => sum + group.count, 0);
  const [only] = groups;
  const outcome = total === 1 && only ? `status ${only.status}` : `${succeeded} successful`;
  return `${plural(total, 'request')}, ${outcome}. ${describeCalls(calls)}`;
}

export function describeCalls(calls: number | undefined): string {
  if (calls === undefined) return 'The number of Coinflow calls is unknown.';
  return `${plural(calls, 'Coinflow call')}.`;
}

function isKnown(code: string): code is CoinflowAuthErrorCode {
  return Object.hasOwn(COINFLOW_AUTH_ERRORS, code);
}
