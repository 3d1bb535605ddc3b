import { SessionKeyIssuer } from '../src/issuance/session-key-issuer.js';
import type { CoinflowAuthModuleOptions } from '../src/options/coinflow-auth-options.js';
import { resolveOptions } from '../src/options/resolve-options.js';
import type { CoinflowSession } from '../src/session/coinflow-session.js';
import { SessionParts } from '../src/verification/session-parts.js';
import { sessionOrThrow, type CoinflowDecidedBy } from '../src/verification/verification-result.js';
import type { FakeCoinflow } from './fake-coinflow.js';
import { GENEROUS_BUDGET } from './generous-budget.js';

/** An instance of the module without Nest and HTTP, for one replica, that calls a fake Coinflow. */
export class TestInstance {
  readonly sessions: SessionParts;
  readonly #issuer: SessionKeyIssuer;

  constructor(coinflow: FakeCoinflow, options: Partial<CoinflowAuthModuleOptions> = {}) {
    const given = resolveOptions({
      env: 'sandbox',
      apiKey: 'key',
      merchantId: 'ours',
      budget: GENEROUS_BUDGET,
      ...options,
    });
    // The limit per user is no option, and as generous as the others.
    const resolved = options.budget ? given : { ...given, budget: { ...given.budget, callsPerSubject: 100_000 } };
    this.sessions = new SessionParts(coinflow, resolved);
    this.#issuer = new SessionKeyIssuer(coinflow, this.sessions, resolved);
  }

  /** Verifies a key as the guard does: it returns or throws synchronously if the cache or the attestation decides. */
  verify(key: string, maxAgeMs = Infinity, client?: string): CoinflowSession | Promise<CoinflowSession> {
    const result = this.sessions.verifier.verify(key, maxAgeMs, client);
    return result instanceof Promise ? result.then(sessionOrThrow) : sessionOrThrow(result);
  }

  /** As {@link verify}, but always with a promise. */
  async decide(key: string, maxAgeMs = Infinity): Promise<CoinflowSession> {
    return this.verify(key, maxAgeMs);
  }

  /** What the decision about a key came from. */
  async decidedBy(key: string, maxAgeMs = Infinity): Promise<CoinflowDecidedBy> {
    return (await this.sessions.verifier.verify(key, maxAgeMs)).decidedBy;
  }

  create(
    userId = 'alice',
    { clientIp, fresh = false }: { clientIp?: string; fresh?: boolean } = {},
  ): Promise<CoinflowSession> {
    return this.#issuer.issue({ subject: { kind: 'user', userId } }, { clientIp, fresh });
  }

  /** @returns whether the other replicas are notified now */
  revokeKey(key: string): Promise<boolean> {
    return this.sessions.revoker.revokeKey(key);
  }

  /** @returns whether the other replicas are notified now */
  revokeUser(userId: string): Promise<boolean> {
    return this.sessions.revoker.revokeSubject({ kind: 'user', userId });
  }
}
