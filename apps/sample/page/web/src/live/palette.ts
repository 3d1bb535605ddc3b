import { signal } from '@preact/signals';
import { GROUP_ORDER, type DecisionGroup } from './decision-groups.js';

/** The colours of the style sheet for the canvas. */
export interface Palette {
  readonly groups: Readonly<Record<DecisionGroup, string>>;
  readonly ink: string;
  readonly line: string;
  readonly empty: string;
}

export const palette = signal<Palette>(readPalette());

/** Reads the colours again when the system switches between light and dark. */
export function followTheme(): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => (palette.value = readPalette()));
}

function readPalette(): Palette {
  const styles = getComputedStyle(document.documentElement);
  const colour = (name: string): string => styles.getPropertyValue(`--${name}`).trim() || 'currentColor';
  const groups = { attestation: '', cache: '', claims: '', budget: '', coalesced: '', coinflow: '', unavailable: '' };
  for (const group of GROUP_ORDER) groups[group] = colour(`group-${group}`);
  return { groups, ink: colour('ink'), line: colour('line'), empty: colour('empty') };
}
