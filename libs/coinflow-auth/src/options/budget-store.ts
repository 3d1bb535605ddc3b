/** The result of taking a slot. */
export interface BudgetSlot {
  readonly taken: boolean;
  /** In how many milliseconds the window ends. */
  readonly retryAfterMs: number;
}

/**
 * Counts slots in windows of time. Every method must be atomic. If a method of a shared store rejects, each process counts on
 * its own.
 */
export interface BudgetStore {
  /**
   * Takes one slot if the window has one left. A window begins with its first slot.
   * @param name 43 characters of base64url, which reveal no session key and no address
   * @param limit how many slots a window has
   * @param windowMs how long a window is
   */
  take(name: string, limit: number, windowMs: number): Promise<BudgetSlot>;
  /** Gives a slot of the current window back. It must not give back more slots than were taken. */
  giveBack(name: string): Promise<void>;
}
