import type { JSX } from 'preact';
import { CopyButton } from '../ui/copy-button.js';
import { shorten } from '../ui/format.js';

interface KeyRowProps {
  readonly name: string;
  readonly text: string | undefined;
  readonly about: string;
  readonly missing?: string;
}

export function KeyRow({ name, text, about, missing }: KeyRowProps): JSX.Element {
  return (
    <div class="key-row">
      <dt>{name}</dt>
      <dd>
        {text === undefined ? (
          <span>{missing}</span>
        ) : (
          <span class="key-text">
            <code>{shorten(text)}</code>
            <CopyButton what={name.toLowerCase()} read={() => text} />
          </span>
        )}
        <span class="hint">{about}</span>
      </dd>
    </div>
  );
}
