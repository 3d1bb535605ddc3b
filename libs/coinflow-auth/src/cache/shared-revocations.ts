import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { safeText } from '../util/safe-text.js';
import type { RevocationBoard, RevocationFeed, RevocationNotice } from '../options/stores.js';
import type { Sealer } from './sealer.js';
import { ExpiringMap, untilExpiry } from './expiring-map.js';
import type { Revocations, SubjectRevocation } from './revocations.js';
import { isKnown, type RememberedSession } from './remembered-session.js';
import type { SessionCache } from './session-cache.js';

/** Of a payer's revocation nobody knows when the last key expires that it covers; no session key lives as long as that. */
const SUBJECT_KEPT_MS = 400 * 86_400_000;
/** What this instance has published, to be said again. Beyond it the oldest are left to the instances that have heard of them. */
const MAX_PUBLISHED = 100_000;
const MAX_HEARD = 10_000;
const DAY_MS = 86_400_000;
const UNINFORMED =
  'The shared revocations cannot be read: until they can, session keys that other instances have revoked are let in';

type SharedRevocation =
  | { readonly key: string; readonly untilMs: number | null }
  | { readonly subject: string; readonly revocation: SubjectRevocation }
  | {
      readonly rejectedKey: string;
      readonly isKnown: boolean;
      readonly untilMs: number;
      /** Tells one rejection of a key from the next. */
      readonly serial: string;
    };

/** Tells the other instances of what is revoked here, and hears of what they have. */
export class SharedRevocations {
  readonly #logger = new Logger('CoinflowAuth');
  readonly #board: RevocationBoard;
  readonly #sealer: Sealer;
  readonly #revocations: Revocations;
  readonly #memory: SessionCache;
  readonly #published = new ExpiringMap<RevocationNotice>(MAX_PUBLISHED);
  /** Rejections have a bound of their own: those of invalid keys must not displace a revocation. */
  readonly #publishedRejections = new ExpiringMap<RevocationNotice>(MAX_PUBLISHED);
  /** The serials of the rejections that were heard of: one that is read again, as after a lost connection, is no news. */
  readonly #heard = new LRUCache<string, true>({ max: MAX_HEARD });
  /** One for each seal key, newest first: while they are rotated, instances differ about which is the newest. */
  #feeds: readonly RevocationFeed[] = [];
  /** Of each feed, whether what stands there is known here. */
  readonly #informed = new Map<string, boolean>();
  #isInformed: boolean | undefined;

  constructor(board: RevocationBoard, sealer: Sealer, revocations: Revocations, memory: SessionCache) {
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
          informed: (isInformed, cause) => this.#inform(board, isInformed, cause),
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
    const key = encodeId(id);
    const revocation = { key, untilMs: Number.isFinite(untilMs) ? untilMs : null };
    return this.#publish(this.#published, `key ${key}`, revocation, untilMs);
  }

  publishSubject(subject: string, revocation: SubjectRevocation): Promise<boolean> {
    // By Coinflow's clock, which all replicas have in common: of two notices of one user the later one stays.
    const revokedAtMs = revocation.cutOff === undefined ? revocation.revokedAtMs : revocation.cutOff * 1_000;
    const untilMs = revokedAtMs + SUBJECT_KEPT_MS;
    return this.#publish(this.#published, `subject ${subject}`, { subject, revocation }, untilMs);
  }

  /** @param session what was known of the key that Coinflow has rejected */
  publishRejection(id: string, session: RememberedSession): Promise<boolean> {
    const rejectedKey = encodeId(id);
    const about = `rejection ${rejectedKey}`;
    const known = isKnown(session);
    const untilMs = known && session.expiresAt !== null ? session.expiresAt * 1_000 : Date.now() + DAY_MS;
    const serial = randomBytes(9).toString('base64url');
    this.#heard.set(serial, true);
    return this.#publish(this.#publishedRejections, about, { rejectedKey, isKnown: known, untilMs, serial }, untilMs);
  }

  async #publish(
    published: ExpiringMap<RevocationNotice>,
    about: string,
    revocation: SharedRevocation,
    untilMs: number,
  ): Promise<boolean> {
    const name = this.#sealer.nameOf('revocation', about);
    const value = this.#sealer.seal('revocation', name, JSON.stringify(revocation));
    const notice = { name, value, untilMs: Math.min(untilMs, Number.MAX_SAFE_INTEGER) };
    published.set(name, notice, untilExpiry(untilMs, Date.now()));
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
    if ('rejectedKey' in revocation) {
      const { rejectedKey, isKnown, untilMs, serial } = revocation;
      if (this.#heard.has(serial)) return;
      this.#heard.set(serial, true);
      this.#memory.rejectElsewhere(decodeId(rejectedKey), isKnown, untilMs);
      return;
    }
    const id = decodeId(revocation.key);
    this.#memory.forget(id);
    this.#revocations.revokeKey(id, revocation.untilMs ?? Infinity);
  }

  #inform(board: string, isFeedInformed: boolean, cause?: string): void {
    this.#informed.set(board, isFeedInformed);
    const isInformed = Array.from(this.#informed.values()).every(Boolean);
    if (isInformed === this.#isInformed) return;
    if (!isInformed) {
      const because = cause === undefined ? '' : ` Cause: ${safeText(cause, [])}`;
      this.#logger.warn(`${UNINFORMED}.${because} [revocations-unavailable]`);
    }
    if (isInformed && this.#isInformed === false)
      this.#logger.log('The shared revocations are known again. [revocations-available]');
    this.#isInformed = isInformed;
  }

  *#stillNeeded(): Generator<RevocationNotice> {
    yield* this.#published.values();
    yield* this.#publishedRejections.values();
  }
}

/** An id is bytes in a string, and not every such string is text. */
function encodeId(id: string): string {
  return Buffer.from(id, 'binary').toString('base64url');
}

function decodeId(text: string): string {
  return Buffer.from(text, 'base64url').toString('binary');
}
