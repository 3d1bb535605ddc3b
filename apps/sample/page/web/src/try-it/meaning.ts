import {
  COINFLOW_AUTH_ERRORS,
  type CoinflowAuthErrorCode,
} from '../../../../../../libs/coinflow-auth/src/errors/error-catalogue.js';

/** What an answer means, in a sentence: what docs/errors.md says of its code, otherwise what its status says. */
export function meaningOf(status: number, code: string | undefined): string {
  if (code !== undefined && isKnown(code)) return COINFLOW_AUTH_ERRORS[code].when.replaceAll('`', '');
  if (status === 0) return 'No answer came.';
  if (status >= 200 && status < 300) return 'Let in.';
  if (status === 401) return 'The merchant’s own login says no.';
  if (status === 429) return 'Too many logins from this network.';
  return status >= 500 ? 'The sample has failed.' : 'The request was not understood.';
}

function isKnown(code: string): code is CoinflowAuthErrorCode {
  return Object.hasOwn(COINFLOW_AUTH_ERRORS, code);
}
