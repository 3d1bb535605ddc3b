import type { JSX } from 'preact';
import { formatCount } from '../ui/format.js';
import { tally } from './live.js';
import { savedPercent } from './savings.js';

/** The three numbers once more, for a screen that is too narrow to have them beside what is pressed. */
export function TallyBar(): JSX.Element {
  const { requests, verifications } = tally.value;
  return (
    <p class="tally-bar figures" aria-hidden="true">
      <span>
        <strong>{formatCount(requests)}</strong> requests
      </span>
      <span>
        <strong>{formatCount(verifications)}</strong> calls
      </span>
      <span>
        <strong>{savedPercent(tally.value)}</strong> saved
      </span>
    </p>
  );
}
