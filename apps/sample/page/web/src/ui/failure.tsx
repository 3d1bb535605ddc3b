import type { JSX } from 'preact';
import type { Answer } from '../api/answer.js';
import { meaningOf } from '../try-it/meaning.js';

/** What went wrong, and what follows. */
export function Failure({ answer }: { readonly answer: Answer }): JSX.Element {
  const { status, code, message, retryAfterSeconds } = answer;
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
