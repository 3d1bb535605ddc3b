import type { CoinflowTime } from '../http/clock-skew.js';
import { Rejections, type Rejection } from './rejections.js';
import type { RememberedSession } from './remembered-session.js';
import { SessionTable } from './session-table.js';

/**
 * What this process knows of session keys: bounded, and without a timer. A key that Coinflow has rejected is not among the
 * sessions, so that a hit need not look twice.
 */
export class SessionCache {
  readonly #sessions: SessionTable<RememberedSession>;
  readonly #rejections: Rejections;

  constructor(maxEntries: number, clock: CoinflowTime) {
    this.#sessions = new SessionTable(maxEntries);
    this.#rejections = new Rejections(clock);
  }

  get size(): { sessions: number; invalidated: number; rejected: number } {
    const { known, new: rejected } = this.#rejections.size;
    return { sessions: this.#sessions.size, invalidated: known, rejected };
  }

  /** What is known, verified now or once. */
  recall(id: string): RememberedSession | undefined {
    return this.#sessions.get(id);
  }

  /** That Coinflow has rejected the key, and has not accepted it since. */
  rejection(id: string): Rejection | undefined {
    return this.#rejections.find(id);
  }

  /**
   * Remembers a verification, unless Coinflow has rejected the key since it began.
   * @returns whether it is remembered
   */
  remember(id: string, session: RememberedSession): boolean {
    const rejection = this.#rejections.find(id);
    if (rejection && session.provenAt < rejection.at) return false;
    this.#rejections.delete(id);
    this.#sessions.set(id, session);
    return true;
  }

  forget(id: string): void {
    this.#sessions.delete(id);
    this.#rejections.delete(id);
  }

  /**
   * Coinflow has rejected the key. If its verification stood until now, the next request asks again, since one wrong answer
   * must not lock a user out; any other rejection is repeated for a moment.
   * @param known what was known of the key when Coinflow was asked
   * @returns what is known of it now: a request with its attested form may have come meanwhile
   */
  reject(id: string, known: RememberedSession): RememberedSession {
    const session = this.#sessions.get(id) ?? known;
    this.#sessions.delete(id);
    this.#rejections.add(id, session);
    return session;
  }

  /** Another replica was told that the key is rejected. */
  rejectElsewhere(id: string, isOfKnownKey: boolean, untilMs: number): void {
    this.#rejections.addForeign(id, this.#sessions.get(id), isOfKnownKey, untilMs);
    this.#sessions.delete(id);
  }

  /** A request has carried the tag of a rejected key. */
  attestRejected(id: string, session: RememberedSession, rejection: Rejection): void {
    this.#rejections.attest(id, session, rejection);
  }
}
