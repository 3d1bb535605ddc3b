import { signal } from '@preact/signals';

/** The text that a screen reader reads next: the result of an action. Counters that change all the time do not belong here. */
export const announcement = signal('');

export function announce(text: string): void {
  announcement.value = text;
}
