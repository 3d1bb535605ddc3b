import type { TokenVerifier } from '../client/coinflow-client.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { SessionRevoker } from './session-revoker.js';
import { SessionVerifier } from './session-verifier.js';
import { Revocations } from './storage/revocations.js';
import { SessionMemory } from './storage/session-memory.js';

/** What knows of sessions in one instance of the module, put together. */
export class SessionParts {
  readonly memory: SessionMemory;
  readonly revocations: Revocations;
  readonly verifier: SessionVerifier;
  readonly revoker: SessionRevoker;

  constructor(client: TokenVerifier, options: ResolvedCoinflowAuthOptions) {
    this.memory = new SessionMemory(options.cache.maxEntries);
    this.revocations = new Revocations(client.clock);
    const { memory, revocations } = this;
    this.verifier = new SessionVerifier({ client, options, memory, revocations });
    this.revoker = new SessionRevoker(this.memory, this.revocations);
  }
}
