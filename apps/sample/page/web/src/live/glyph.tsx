import type { JSX } from 'preact';
import type { DecisionGroup, OutcomeGroup } from './decision-groups.js';

interface GlyphProps {
  readonly outcome: OutcomeGroup;
  readonly group?: DecisionGroup;
}

/** A mark within text. It is hidden from screen readers, so the text must name the outcome too. */
export function Glyph({ outcome, group }: GlyphProps): JSX.Element {
  return (
    <svg class={`glyph ${group ? `of-${group}` : ''}`} viewBox="0 0 10 10" aria-hidden="true" focusable="false">
      {SHAPES[outcome]}
    </svg>
  );
}

const SHAPES: Readonly<Record<OutcomeGroup, JSX.Element>> = {
  authenticated: <rect width="10" height="10" class="filled" />,
  anonymous: <rect x="1" y="1" width="8" height="8" class="outlined" />,
  rejected: <path d="M1 1 9 9M9 1 1 9" class="outlined" />,
  'rate-limited': <rect y="3.4" width="10" height="3.2" class="filled" />,
  unavailable: <circle cx="5" cy="5" r="4" class="outlined" />,
};
