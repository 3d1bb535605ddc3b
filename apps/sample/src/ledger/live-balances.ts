import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Subject, concatMap, distinctUntilChanged, filter, merge, takeUntil, timer, type Observable } from 'rxjs';
import { Ledger } from './ledger.js';

/** How often an open stream reads the balance: another replica may have received the webhook. */
const POLL_MS = 2_000;

/** Streams the balances of users. */
@Injectable()
export class LiveBalances implements OnModuleDestroy {
  readonly #credited = new Subject<string>();
  readonly #closing = new Subject<void>();

  constructor(private readonly ledger: Ledger) {}

  /** The balance of a user in cents: now, and after each change. */
  of(userId: string): Observable<number> {
    const credited = this.#credited.pipe(filter((id) => id === userId));
    return merge(timer(0, POLL_MS), credited).pipe(
      concatMap(() => this.ledger.balance(userId)),
      distinctUntilChanged(),
      takeUntil(this.#closing),
    );
  }

  /** Updates the streams of a user at once. */
  credited(userId: string): void {
    this.#credited.next(userId);
  }

  /** An open stream would keep the server from closing. */
  onModuleDestroy(): void {
    this.#closing.next();
  }
}
