/** What became of a wish for a slot. */
export interface BudgetSlot {
  readonly taken: boolean;
  /** In how many milliseconds the window ends in which it was taken, or in which there was none left. */
  readonly retryAfterMs: number;
}

/**
 * Counts slots in windows of time. Every method must be atomic. One that several processes share may reject while it is away; each
 * process counts by itself then.
 */
export interface BudgetStore {
  /**
   * Takes one slot, if the window has one left. A window begins with the first slot that is taken in it.
   * @param name 43 characters of base64url, which tell nothing of a session key or an address
   * @param limit how many slots a window has
   * @param windowMs how long a window is
   */
  take(name: string, limit: number, windowMs: number): Promise<BudgetSlot>;
  /** Gives a slot back that was taken in the window that goes on. What it gives back is never more than was taken. */
  giveBack(name: string): Promise<void>;
}
