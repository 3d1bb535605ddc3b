import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { safeText } from '../util/secrets.js';
import type { RevocationBoard, RevocationFeed, RevocationNotice } from '../options/store-contracts.js';
import type { Sealer } from './sealer.js';
import { ExpiringMap, untilExpiry } from './expiring-map.js';
import type { Revocations, SubjectRevocation } from './revocations.js';
import { decodeId, encodeId, isKnown, type CachedSession } from './cached-session.js';
import type { SessionCache } from './session-cache.js';

/** How long the revocation of a user is shared. It must be longer than the lifetime of every session key that it covers. */
const SUBJECT_SHARED_MS = 400 * 86_400_000;
/** How many own notices this replica keeps to publish again. Beyond it, the store and the other replicas keep the oldest. */
const MAX_PUBLISHED = 100_000;
const MAX_SERIALS = 10_000;
const DAY_MS = 86_400_000;
const UNINFORMED =
  'The shared revocations cannot be read: until they can, session keys that other replicas have revoked are accepted';

type SharedRevocation =
  | { readonly key: string; readonly untilMs: number | null }
  | { readonly subject: string; readonly revocation: SubjectRevocation }
  | {
      readonly rejectedKey: string;
      readonly isKnown: boolean;
      readonly untilMs: number;
      /** Tells rejections of the same key apart. */
      readonly serial: string;
    };

/** Publishes revocations and rejections to the other replicas, and applies those that they publish. */
export class SharedRevocations {
  readonly #logger = new Logger('CoinflowAuth');
  readonly #board: RevocationBoard;
  readonly #sealer: Sealer;
  readonly #revocations: Revocations;
  readonly #cache: SessionCache;
  readonly #published = new ExpiringMap<RevocationNotice>(MAX_PUBLISHED);
  /** Bounded separately: rejections of invalid keys must not displace a revocation. */
  readonly #publishedRejections = new ExpiringMap<RevocationNotice>(MAX_PUBLISHED);
  /** The serials of known rejections: after a lost connection they are received again, and must not be applied twice. */
  readonly #serials = new LRUCache<string, true>({ max: MAX_SERIALS });
  /** One for each seal key, newest first: during a rotation, replicas differ about which one is the newest. */
  #feeds: readonly RevocationFeed[] = [];
  /** For each board, whether its revocations are known here. */
  readonly #informed = new Map<string, boolean>();
  #isInformed: boolean | undefined;

  constructor(board: RevocationBoard, sealer: Sealer, revocations: Revocations, cache: SessionCache) {
    this.#board = board;
    this.#sealer = sealer;
    this.#revocations = revocations;
    this.#cache = cache;
  }

  /** Whether the revocations of the other replicas are known here. */
  get isInformed(): boolean {
    return this.#isInformed === true;
  }

  /** Reads the revocations of the other replicas. Called before the application serves requests, which it does even if this fails. */
  async open(): Promise<void> {
    const boards = this.#sealer.namesOf('revocation', 'board');
    this.#feeds = await Promise.all(
      boards.map((board) =>
        this.#board.open(board, {
          received: ({ name, value }) => this.#receive(name, value),
          informed: (isInformed, cause) => this.#inform(board, isInformed, cause),
          published: () => this.#unexpired(),
        }),
      ),
    );
  }

  close(): void {
    for (const feed of this.#feeds) feed.close();
  }

  /** @returns whether the other replicas are notified now; if not, they are once the store can be reached */
  publishKey(id: string, untilMs: number): Promise<boolean> {
    const key = encodeId(id);
    const revocation = { key, untilMs: Number.isFinite(untilMs) ? untilMs : null };
    return this.#publish(this.#published, `key ${key}`, revocation, untilMs);
  }

  publishSubject(subject: string, revocation: SubjectRevocation): Promise<boolean> {
    // By Coinflow's clock, which all replicas have in common, so that the later of two notices of one user is kept.
    const revokedAtMs = revocation.cutOff === undefined ? revocation.revokedAtMs : revocation.cutOff * 1_000;
    const untilMs = revokedAtMs + SUBJECT_SHARED_MS;
    return this.#publish(this.#published, `subject ${subject}`, { subject, revocation }, untilMs);
  }

  /** @param session what was known of the key that Coinflow has rejected */
  publishRejection(id: string, session: CachedSession): Promise<boolean> {
    const rejectedKey = encodeId(id);
    const known = isKnown(session);
    const untilMs = known && session.expiresAt !== null ? session.expiresAt * 1_000 : Date.now() + DAY_MS;
    const serial = randomBytes(9).toString('base64url');
    this.#serials.set(serial, true);
    return this.#publish(
      this.#publishedRejections,
      `rejection ${rejectedKey}`,
      { rejectedKey, isKnown: known, untilMs, serial },
      untilMs,
    );
  }

  async #publish(
    published: ExpiringMap<RevocationNotice>,
    topic: string,
    revocation: SharedRevocation,
    untilMs: number,
  ): Promise<boolean> {
    const name = this.#sealer.nameOf('revocation', topic);
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
    // Not published by this application.
    if (text === undefined) return;
    const revocation = JSON.parse(text) as SharedRevocation;
    if ('subject' in revocation) {
      this.#revocations.revokeSubjectAsOf(revocation.subject, revocation.revocation);
      return;
    }
    if ('rejectedKey' in revocation) {
      const { rejectedKey, isKnown, untilMs, serial } = revocation;
      if (this.#serials.has(serial)) return;
      this.#serials.set(serial, true);
      this.#cache.invalidateFromElsewhere(decodeId(rejectedKey), isKnown, untilMs);
      return;
    }
    this.#cache.revoke(decodeId(revocation.key), revocation.untilMs ?? Infinity);
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
      this.#logger.log('The shared revocations can be read again. [revocations-available]');
    this.#isInformed = isInformed;
  }

  *#unexpired(): Generator<RevocationNotice> {
    yield* this.#published.values();
    yield* this.#publishedRejections.values();
  }
}
