import { Logger } from '@nestjs/common';
import type { RevocationBoard, RevocationFeed, RevocationNotice } from '../../options/shared-store.js';
import type { Sealer } from '../sealing/sealer.js';
import type { Revocations, SubjectRevocation } from '../storage/revocations.js';
import type { SessionMemory } from '../storage/session-memory.js';

/** Of a payer's revocation nobody knows when the last key expires that it covers; no session key lives as long as that. */
const SUBJECT_KEPT_MS = 400 * 86_400_000;
/** What this instance has published, to be said again. Beyond it the oldest are left to the instances that have heard of them. */
const MAX_PUBLISHED = 100_000;
const UNINFORMED =
  'The shared revocations cannot be read: until they can, session keys that other instances have revoked are let in';

type SharedRevocation =
  | { readonly key: string; readonly untilMs: number | null }
  | { readonly subject: string; readonly revocation: SubjectRevocation };

/** Tells the other instances of what is revoked here, and hears of what they have. */
export class SharedRevocations {
  readonly #logger = new Logger('CoinflowAuth');
  readonly #board: RevocationBoard;
  readonly #sealer: Sealer;
  readonly #revocations: Revocations;
  readonly #memory: SessionMemory;
  readonly #published = new Map<string, RevocationNotice>();
  /** One for each seal key, newest first: while they are rotated, instances differ about which is the newest. */
  #feeds: readonly RevocationFeed[] = [];
  /** Of each feed, whether what stands there is known here. */
  readonly #informed = new Map<string, boolean>();
  #isInformed: boolean | undefined;

  constructor(board: RevocationBoard, sealer: Sealer, revocations: Revocations, memory: SessionMemory) {
    this.#board = board;
    this.#sealer = sealer;
    this.#revocations = revocations;
    this.#memory = memory;
  }

  /** Whether what others have revoked is known here. */
  get isInformed(): boolean {
    return this.#isInformed === true;
  }

  /** Before the application serves: it should know what others have revoked. It serves even so. */
  async open(): Promise<void> {
    const boards = this.#sealer.namesOf('revocation', 'board');
    this.#feeds = await Promise.all(
      boards.map((board) =>
        this.#board.open(board, {
          received: ({ name, value }) => this.#receive(name, value),
          informed: (isInformed) => this.#inform(isInformed, board),
          published: () => this.#stillNeeded(),
        }),
      ),
    );
  }

  close(): void {
    for (const feed of this.#feeds) feed.close();
  }

  /** @returns whether the others are being told; if not, they will be when the board is back */
  publishKey(id: string, untilMs: number): Promise<boolean> {
    const key = Buffer.from(id, 'binary').toString('base64url');
    return this.#publish(`key ${key}`, { key, untilMs: Number.isFinite(untilMs) ? untilMs : null }, untilMs);
  }

  publishSubject(subject: string, revocation: SubjectRevocation): Promise<boolean> {
    return this.#publish(`subject ${subject}`, { subject, revocation }, revocation.revokedAtMs + SUBJECT_KEPT_MS);
  }

  async #publish(about: string, revocation: SharedRevocation, untilMs: number): Promise<boolean> {
    const name = this.#sealer.nameOf('revocation', about);
    const value = this.#sealer.seal('revocation', name, JSON.stringify(revocation));
    const notice = { name, value, untilMs: Math.min(untilMs, Number.MAX_SAFE_INTEGER) };
    this.#published.delete(name);
    this.#published.set(name, notice);
    const [oldest] = this.#published.keys();
    if (this.#published.size > MAX_PUBLISHED && oldest !== undefined) this.#published.delete(oldest);
    try {
      const [newest] = this.#feeds;
      await newest?.publish(notice);
      return newest !== undefined;
    } catch {
      return false;
    }
  }

  #receive(name: string, value: string): void {
    const text = this.#sealer.open('revocation', name, value);
    // Nobody of ours has said that.
    if (text === undefined) return;
    const revocation = JSON.parse(text) as SharedRevocation;
    if ('subject' in revocation) {
      this.#revocations.revokeSubjectAsOf(revocation.subject, revocation.revocation);
      return;
    }
    const id = Buffer.from(revocation.key, 'base64url').toString('binary');
    this.#memory.forget(id);
    this.#revocations.revokeKey(id, revocation.untilMs ?? Infinity);
  }

  #inform(isFeedInformed: boolean, board: string): void {
    this.#informed.set(board, isFeedInformed);
    const isInformed = Array.from(this.#informed.values()).every(Boolean);
    if (isInformed === this.#isInformed) return;
    if (!isInformed) this.#logger.warn(`${UNINFORMED}. [revocations-unknown]`);
    else if (this.#isInformed === false)
      this.#logger.log('The shared revocations are known again. [revocations-known]');
    this.#isInformed = isInformed;
  }

  *#stillNeeded(): Generator<RevocationNotice> {
    for (const [name, notice] of this.#published) {
      if (notice.untilMs > Date.now()) yield notice;
      else this.#published.delete(name);
    }
  }
}
