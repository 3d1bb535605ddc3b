import type { JSX } from 'preact';
import type { Basis, Fate } from './decision-kinds.js';

interface GlyphProps {
  readonly fate: Fate;
  readonly basis?: Basis;
}

/** A mark as it is painted, within text. Whoever shows it says in words what it is. */
export function Glyph({ fate, basis }: GlyphProps): JSX.Element {
  return (
    <svg class={`glyph ${basis ? `of-${basis}` : ''}`} viewBox="0 0 10 10" aria-hidden="true" focusable="false">
      {SHAPES[fate]}
    </svg>
  );
}

const SHAPES: Readonly<Record<Fate, JSX.Element>> = {
  'let-in': <rect width="10" height="10" class="filled" />,
  anonymous: <rect x="1" y="1" width="8" height="8" class="outlined" />,
  refused: <path d="M1 1 9 9M9 1 1 9" class="outlined" />,
  limited: <rect y="3.4" width="10" height="3.2" class="filled" />,
  undecided: <circle cx="5" cy="5" r="4" class="outlined" />,
};
