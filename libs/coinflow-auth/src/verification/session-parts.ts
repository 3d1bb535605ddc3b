import type { TokenVerifier } from '../client/coinflow-client.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { VerificationBudget } from './budget/verification-budget.js';
import { SessionRevoker } from './session-revoker.js';
import { SessionVerifier } from './session-verifier.js';
import { Revocations } from './storage/revocations.js';
import { SessionMemory } from './storage/session-memory.js';

/** What knows of sessions in one instance of the module, put together. */
export class SessionParts {
  readonly memory: SessionMemory;
  readonly revocations: Revocations;
  readonly budget: VerificationBudget;
  readonly verifier: SessionVerifier;
  readonly revoker: SessionRevoker;

  constructor(client: TokenVerifier, options: ResolvedCoinflowAuthOptions) {
    this.memory = new SessionMemory(options.cache.maxEntries);
    this.revocations = new Revocations(client.clock);
    this.budget = new VerificationBudget(options);
    const { memory, revocations, budget } = this;
    this.verifier = new SessionVerifier({ client, options, memory, revocations, budget });
    this.revoker = new SessionRevoker(this.memory, this.revocations);
  }
}
