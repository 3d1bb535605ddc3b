import type { JSX } from 'preact';
import type { ApiResponse } from '../api/call-api.js';
import { meaningOf } from '../send-requests/result-texts.js';

/** A failed response with its meaning. */
export function Failure({ response }: { readonly response: ApiResponse }): JSX.Element {
  const { status, code, message, retryAfterSeconds } = response;
  return (
    <div class="failure" role="alert">
      <p>
        {status > 0 && <strong>{status} </strong>}
        {code && <code>{code}</code>} {message}
      </p>
      {code && <p>{meaningOf(status, code)}</p>}
      {retryAfterSeconds !== undefined && <p>Try again in {retryAfterSeconds} s.</p>}
    </div>
  );
}
