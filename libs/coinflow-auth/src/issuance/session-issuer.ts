import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionKeySource } from '../http/coinflow-client.js';
import {
  CoinflowMisconfiguredError,
  CoinflowUnavailableError,
  isCoinflowAuthError,
} from '../errors/coinflow-auth.errors.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { readClaims, type SessionClaims } from '../session/claims.js';
import type { CoinflowSession } from '../session/coinflow-session.js';
import { assertSessionKeyShape } from '../session/session-key.js';
import type { IssuanceRequest } from '../session/session-key-subject.js';
import { isSameSubject, subjectName, type CoinflowSubject } from '../session/subject.js';
import type { SessionParts } from '../verification/session-parts.js';
import { SingleFlight } from '../util/single-flight.js';
import { FOREVER, remembered, sessionKeyId } from '../cache/remembered-session.js';
import { ReusableKeys, type ReusableKey } from './reusable-keys.js';
import { SharedReusableKeys } from './shared-reusable-keys.js';

const RETRY_AFTER_MS = 5_000;
/** A minted key that does not say when it expires: Coinflow documents 24 hours. */
const CREATED_WITHOUT_EXPIRY_MS = 86_400_000;
/** How many keys are kept to be handed out again: each is there with its text, and only saves a reload its call. */
const MAX_KEPT = 100_000;
/** For how long a login waits for Coinflow's clock to pass a revocation. */
const MAX_WAIT_MS = 3_000;

/** Where and from whom a session key is asked for. */
export interface IssuanceOptions {
  readonly clientIp: string | undefined;
  /** Asks Coinflow for a key that no other call gets. */
  readonly fresh: boolean;
  /** The client whose wallet logs in with a signature. */
  readonly rateLimitClient?: string | undefined;
}

/** Obtains session keys, and compares what Coinflow gave with what was asked for before anybody sees it. */
export class SessionIssuer {
  readonly #client: SessionKeySource;
  readonly #sessions: SessionParts;
  readonly #options: ResolvedCoinflowAuthOptions;
  readonly #reusable: ReusableKeys;
  readonly #sharedReusable: SharedReusableKeys | undefined;
  readonly #flights = new SingleFlight<ReusableKey>();
  #reused = 0;

  constructor(client: SessionKeySource, sessions: SessionParts, options: ResolvedCoinflowAuthOptions) {
    this.#client = client;
    this.#sessions = sessions;
    this.#options = options;
    this.#reusable = new ReusableKeys(Math.min(options.cache.maxEntries, MAX_KEPT));
    this.#sharedReusable = sessions.shared && new SharedReusableKeys(sessions.shared, options.merchantId);
  }

  get statistics(): { kept: number; reused: number } {
    return { kept: this.#reusable.size, reused: this.#reused };
  }

  async issue(request: IssuanceRequest, options: IssuanceOptions): Promise<CoinflowSession> {
    const { clientIp, fresh } = options;
    // A wallet that signs gets what this signature gives. A fresh key is one device's alone: a logout ends no other session.
    if (fresh || request.signedMessage !== undefined) {
      return this.#sessionOf(await this.#createUnrevoked(request, options));
    }
    // Coinflow's fraud checks saw the address that a key was made for.
    const name = `${clientIp ?? ''} ${subjectName(request.subject)}`;
    const kept = this.#findKept(name);
    if (kept) {
      this.#reused += 1;
      return this.#sessionOf(kept);
    }
    const minted = await this.#flights.run(name, Infinity, async () => {
      const shared = await this.#findShared(name);
      const minted = shared ?? (await this.#createUnrevoked(request, options));
      this.#reusable.keep(name, minted);
      if (!shared) this.#sharedReusable?.keep(name, minted);
      return minted;
    });
    return this.#sessionOf(minted);
  }

  #sessionOf({ key, session }: ReusableKey): CoinflowSession {
    return this.#sessions.verifier.sessionOf(key, session);
  }

  #findKept(name: string): ReusableKey | undefined {
    const kept = this.#reusable.find(name);
    if (!kept || this.#isGood(kept)) return kept;
    this.#reusable.drop(name);
    return undefined;
  }

  /** What another instance has obtained. */
  async #findShared(name: string): Promise<ReusableKey | undefined> {
    const minted = await this.#sharedReusable?.find(name);
    if (!minted || !this.#isGood(minted)) return undefined;
    this.#reused += 1;
    return minted;
  }

  /** Whether a key may be handed out again. If so, it is known to have been minted. */
  #isGood(minted: ReusableKey): boolean {
    const { memory } = this.#sessions;
    const id = sessionKeyId(minted.key);
    if (this.#isRevoked(minted) || memory.rejection(id)) return false;
    // Others may have pushed it out of memory since; that it was minted is known all the same.
    if (!memory.recall(id)) memory.remember(id, minted.session);
    return true;
  }

  /**
   * After a revocation Coinflow's clock must have moved on: a key of that very second would be revoked as well. So it must for
   * a second fresh key, since the times in a key have whole seconds: the text would be that of the first.
   */
  async #createUnrevoked(request: IssuanceRequest, options: IssuanceOptions): Promise<ReusableKey> {
    const deadline = performance.now() + MAX_WAIT_MS;
    let waitMs = this.#waitMs(request.subject);
    for (;;) {
      // Rounded up: a timer leaves out fractions, and a key of the second before would cost another call.
      if (waitMs > 0) await sleep(Math.ceil(Math.min(waitMs, deadline - performance.now())));
      const minted = await this.#issue(request, options);
      const id = sessionKeyId(minted.key);
      // A signature is good once.
      const isLast = request.signedMessage !== undefined || performance.now() >= deadline;
      const isAnothers = options.fresh && this.#sessions.memory.recall(id) !== undefined;
      const isRevoked = this.#isRevoked(minted);
      if (!isRevoked && (!isAnothers || isLast)) {
        this.#sessions.keep(id, minted.session);
        return minted;
      }
      if (isLast) {
        throw unusable(
          'What Coinflow makes now is still covered by the revocation of this payer’s keys',
          'created-key-revoked',
        );
      }
      // Within one second Coinflow may well make the same key again.
      waitMs = Math.max(this.#waitMs(request.subject), 1_000 - (this.#client.clock.now() % 1_000));
    }
  }

  /** Until Coinflow makes keys that the payer's revocation does not cover. */
  #waitMs(subject: CoinflowSubject): number {
    const cutOff = this.#sessions.revocations.cutOffOf(subject);
    return cutOff === undefined ? 0 : (cutOff + 1) * 1_000 - this.#client.clock.now();
  }

  #isRevoked({ key, session }: ReusableKey): boolean {
    const { revocations } = this.#sessions;
    return revocations.hasKey(sessionKeyId(key)) || revocations.covers(session);
  }

  async #issue(request: IssuanceRequest, options: IssuanceOptions): Promise<ReusableKey> {
    const createdAt = performance.now();
    const createdAtSecond = Math.floor(this.#client.clock.now() / 1_000);
    const { subject } = request;
    const key = await this.#getSessionKey(request, options);
    const claims = readReusable(key);
    this.#assertAsAsked(claims, subject);
    const holdsMs = claims.expiresAt === null ? CREATED_WITHOUT_EXPIRY_MS : FOREVER;
    const createdUntilS = holdsMs === FOREVER ? FOREVER : Math.floor((createdAt + holdsMs) / 1_000);
    // Of a key that names nobody and no time we know all the same whom we asked it for, and when.
    const known = {
      ...claims,
      subject: claims.subject ?? subject,
      merchantId: claims.merchantId && this.#options.merchantId,
      issuedAt: claims.issuedAt ?? createdAtSecond,
    };
    return { key, session: remembered(known, { createdUntilS, provenAt: createdAt, holdsMs }) };
  }

  /** Strangers can cause the call with a signature; the API key vouches only for users of the application. */
  #getSessionKey(request: IssuanceRequest, { clientIp, rateLimitClient }: IssuanceOptions): Promise<string> {
    const call = (): Promise<string> => this.#client.getSessionKey(request, clientIp);
    return request.signedMessage === undefined ? call() : this.#sessions.budget.runWalletLogin(rateLimitClient, call);
  }

  #assertAsAsked({ merchantId, subject, expiresAt }: SessionClaims, asked: CoinflowSubject): void {
    if (merchantId !== undefined && merchantId !== this.#options.merchantId) {
      throw new CoinflowMisconfiguredError(
        'The API key makes session keys of another merchant than the option merchantId says',
        {
          reason: 'created-key-for-another-merchant',
          action:
            'Make the options apiKey and merchantId (COINFLOW_API_KEY, COINFLOW_MERCHANT_ID) those of one merchant.',
        },
      );
    }
    if (subject && !isSameSubject(subject, asked)) {
      throw unusable(
        'Coinflow made the session key for somebody else than it was asked for',
        'created-key-for-somebody-else',
      );
    }
    if (expiresAt !== null && expiresAt * 1_000 <= Date.now()) {
      throw unusable('The session key has expired already: is this machine’s clock right?', 'created-key-expired');
    }
  }
}

/** An opaque key says nothing of itself. Any key must be one that the guard will accept. */
function readReusable(key: string): SessionClaims {
  try {
    assertSessionKeyShape({ key, tag: undefined });
    return readClaims(key);
  } catch (error) {
    throw unusable('What Coinflow gave does not have the form of a session key', 'created-key-malformed', error);
  }
}

function unusable(message: string, reason: string, error?: unknown): CoinflowUnavailableError {
  const cause = isCoinflowAuthError(error) ? error : undefined;
  return new CoinflowUnavailableError(message, { reason, retryAfterMs: RETRY_AFTER_MS, cause });
}
