/** The response body of every handler. */
export const ANSWER = { id: 42, name: 'alice', paid: true };

export type Answer = typeof ANSWER;
