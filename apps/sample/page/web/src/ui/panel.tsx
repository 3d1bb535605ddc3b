import type { ComponentChildren, JSX } from 'preact';
import type { ApiResponse } from '../api/call-api.js';
import { meaningOf } from '../send-requests/result-texts.js';

interface PanelProps {
  readonly id: string;
  readonly title: string;
  /** One sentence below the title. */
  readonly about?: ComponentChildren;
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A section of the page and a landmark with its title. */
export function Panel({ id, title, about, aside, children }: PanelProps): JSX.Element {
  return (
    <section class={`panel panel-${id}`} aria-labelledby={`${id}-title`}>
      <header class="panel-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {aside}
      </header>
      {about && <p class="about">{about}</p>}
      {children}
    </section>
  );
}

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
