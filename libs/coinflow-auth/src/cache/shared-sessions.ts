import { SingleFlight } from '../util/single-flight.js';
import type { RememberedSession } from './remembered-session.js';
import type { SharedCache } from './shared-cache.js';
import { readProof, usefulForMs, writeProof } from './shared-verification.js';

/** What one instance has proven, for the others. */
export class SharedSessions {
  readonly #memory: SharedCache;
  readonly #merchantId: string;
  readonly #reads = new SingleFlight<RememberedSession | undefined>();

  constructor(memory: SharedCache, merchantId: string) {
    this.#memory = memory;
    this.#merchantId = merchantId;
  }

  /** What an instance has proven, now or once; one read for all who wait for it. */
  find(id: string): Promise<RememberedSession | undefined> {
    return this.#reads.run(id, Infinity, async () => {
      const text = await this.#memory.read('session', nameOf(id));
      return text === undefined ? undefined : readProof(text, this.#merchantId);
    });
  }

  /** Nobody waits for it. */
  keep(id: string, session: RememberedSession): void {
    void this.#memory.write('session', nameOf(id), writeProof(session), usefulForMs(session));
  }

  forget(id: string): void {
    void this.#memory.remove('session', nameOf(id));
  }
}

/** An id is bytes in a string, and not every such string is text. */
function nameOf(id: string): string {
  return Buffer.from(id, 'binary').toString('base64url');
}
