import type { SessionKeySource, TokenVerifier } from '../src/http/coinflow-client.js';
import { CoinflowSessionRejectedError, CoinflowUnavailableError } from '../src/errors/coinflow-auth.errors.js';
import { SessionKeyIssuer } from '../src/issuance/session-key-issuer.js';
import type { CoinflowAuthModuleOptions } from '../src/options/coinflow-auth-options.js';
import { resolveOptions } from '../src/options/resolve-options.js';
import type { IssuanceRequest } from '../src/session/session-key-subject.js';
import type { CoinflowSession } from '../src/session/coinflow-session.js';
import { newTrace, type DecisionTrace } from '../src/verification/decision-trace.js';
import { SessionParts } from '../src/verification/session-parts.js';
import { GENEROUS_BUDGET } from './generous-budget.js';

export const YES = (): Promise<void> => Promise.resolve();
export const NO = (): Promise<void> =>
  Promise.reject(new CoinflowSessionRejectedError('no', { reason: 'rejected-by-coinflow' }));
export const DOWN = (): Promise<void> =>
  Promise.reject(new CoinflowUnavailableError('down', { reason: 'reset', retryAfterMs: 1 }));

/** A client of Coinflow without a network: answers at once, or when a test says so. */
export class FakeCoinflow implements TokenVerifier, SessionKeySource {
  /** To Verify Token about keys that it knows. */
  answer = YES;
  /** To Verify Token about all other keys, the probe among them. */
  answerToStrangers = NO;
  /** Which key Get Session Key gives next. */
  nextKey: string | undefined;
  /** Coinflow's clock minus ours. */
  skewMs = 0;
  readonly asked: string[] = [];
  created = 0;
  readonly known = new Set<string>();

  /** Whether it is known here what time it is there. */
  isClockKnown = true;
  /** How much later it may be there than {@link skewMs} says. */
  uncertaintyMs = 0;
  readonly #epoch = Date.now() - performance.now();

  /** By the monotonic clock, as the real one. */
  readonly clock = {
    now: (): number => (this.isClockKnown ? this.#epoch + performance.now() + this.skewMs : Date.now()),
    latest: (): number | undefined => (this.isClockKnown ? this.clock.now() + this.uncertaintyMs : undefined),
  };

  verifyToken = (key: string): Promise<void> => {
    if (!this.known.has(key)) return this.answerToStrangers();
    this.asked.push(key);
    return this.answer();
  };

  getSessionKey = ({ subject }: IssuanceRequest): Promise<string> => {
    this.created += 1;
    const claims = subject.kind === 'user' ? { customerId: subject.userId } : { customerId: undefined, ...subject };
    return Promise.resolve(this.nextKey ?? this.key(claims));
  };

  /** A session key that it calls valid. */
  key(claims: Record<string, unknown> = {}): string {
    const iat = Math.floor(this.clock.now() / 1_000);
    return this.know(jwtOf({ customerId: 'alice', merchantId: 'ours', iat, exp: iat + 86_400, ...claims }));
  }

  know(key: string): string {
    this.known.add(key);
    return key;
  }
}

/** A text of a session key's form, as Coinflow would write it but for its signature. */
export function jwtOf(claims: Record<string, unknown>): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${'A'.repeat(43)}`;
}

/** An instance of the module without Nest and HTTP: what decides, beside a fake Coinflow. */
export class TestInstance {
  readonly sessions: SessionParts;
  readonly #issuer: SessionKeyIssuer;

  constructor(coinflow: FakeCoinflow, options: Partial<CoinflowAuthModuleOptions> = {}) {
    const resolved = resolveOptions({
      env: 'sandbox',
      apiKey: 'key',
      merchantId: 'ours',
      budget: GENEROUS_BUDGET,
      ...options,
    });
    this.sessions = new SessionParts(coinflow, resolved);
    this.#issuer = new SessionKeyIssuer(coinflow, this.sessions, resolved);
  }

  /** As the guard calls it: at once where no call is needed. */
  verify(
    key: string,
    maxAgeMs = Infinity,
    trace?: DecisionTrace,
    source?: string,
  ): CoinflowSession | Promise<CoinflowSession> {
    return this.sessions.verifier.verify(key, maxAgeMs, trace, source);
  }

  /** The same, but always in a promise. */
  async decide(key: string, maxAgeMs = Infinity): Promise<CoinflowSession> {
    return this.verify(key, maxAgeMs);
  }

  /** What the decision about a key came from. */
  async decidedBy(key: string, maxAgeMs = Infinity): Promise<string> {
    const trace = newTrace();
    await new Promise<unknown>((resolve) => resolve(this.verify(key, maxAgeMs, trace))).catch(() => undefined);
    return trace.decidedBy;
  }

  create(
    userId = 'alice',
    { clientIp, fresh = false }: { clientIp?: string; fresh?: boolean } = {},
  ): Promise<CoinflowSession> {
    return this.#issuer.issue({ subject: { kind: 'user', userId } }, { clientIp, fresh });
  }

  /** @returns whether other instances are being told */
  revokeKey(key: string): Promise<boolean> {
    return this.sessions.revoker.revokeKey(key);
  }

  /** @returns whether other instances are being told */
  revokeUser(userId: string): Promise<boolean> {
    return this.sessions.revoker.revokeSubject({ kind: 'user', userId });
  }
}
