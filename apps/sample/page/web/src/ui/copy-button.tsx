import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { announce } from './announcer.js';

interface CopyButtonProps {
  readonly what: string;
  /** Read only when it is pressed, so that it is nowhere in the page. */
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
      setLabel('Not allowed');
      announce(`The browser does not allow to copy the ${what}`);
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
