/** What every handler answers. */
export const ANSWER = { id: 42, name: 'alice', paid: true };

export type Answer = typeof ANSWER;
