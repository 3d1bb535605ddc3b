import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { announce } from './announcer.js';

interface CopyButtonProps {
  readonly what: string;
  /** Called on a click only, so that the secret is not in the DOM. */
  readonly read: () => string;
}

export function CopyButton({ what, read }: CopyButtonProps): JSX.Element {
  const [label, setLabel] = useState('Copy');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(read());
      setLabel('Copied');
      announce(`${what} copied`);
    } catch {
      setLabel('Blocked');
      announce(`The browser blocked copying the ${what}`);
    }
  };
  return (
    <button
      type="button"
      class="quiet"
      onClick={() => void copy()}
      onBlur={() => setLabel('Copy')}
      aria-label={`${label} ${what}`}
    >
      {label}
    </button>
  );
}
