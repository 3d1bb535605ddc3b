import { signal } from '@preact/signals';

/** What a screen reader says next: what came of something that was pressed. Figures that run do not belong here. */
export const announcement = signal('');

export function announce(text: string): void {
  announcement.value = text;
}
