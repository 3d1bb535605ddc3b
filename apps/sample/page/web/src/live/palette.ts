import { signal } from '@preact/signals';
import { BASIS_ORDER, type Basis } from './decision-kinds.js';

/** The colours of the style sheet, for what is painted. */
export interface Palette {
  readonly bases: Readonly<Record<Basis, string>>;
  readonly ink: string;
  readonly line: string;
  readonly empty: string;
}

export const palette = signal<Palette>(readPalette());

/** Light may become dark while the page is open. */
export function followTheme(): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => (palette.value = readPalette()));
}

function readPalette(): Palette {
  const styles = getComputedStyle(document.documentElement);
  const colour = (name: string): string => styles.getPropertyValue(`--${name}`).trim() || 'currentColor';
  const bases = { tag: '', memory: '', itself: '', budget: '', 'shared-call': '', call: '', away: '' };
  for (const basis of BASIS_ORDER) bases[basis] = colour(`basis-${basis}`);
  return { bases, ink: colour('ink'), line: colour('line'), empty: colour('empty') };
}
