import { timeBatches, type BatchOptions } from '../measuring/batches.js';
import type { Report } from '../measuring/report.js';
import { createInstance } from '../sessions/cached-sessions.js';
import type { CachedKeys } from './cached-keys.js';
import { authenticating } from './service-decision.js';
import { toTimingReport } from './timing-report.js';

const TITLE = 'Decision of the service, attested keys';

/** Measures attested keys that are cached and attested keys that are new to the replica. */
export async function measureAttested(plain: CachedKeys, known: CachedKeys, options: BatchOptions): Promise<Report> {
  const { authenticator, keys, attestedKeys } = known;
  if (attestedKeys.length === 0) {
    return { title: TITLE, columns: [], rows: [], notes: ['Attested keys are not available in this version.'] };
  }
  // With a cache for one session, every key is new again in each round.
  const uncached = await createInstance(1);
  const timings = timeBatches(
    [
      authenticating('a plain key, cached', plain.authenticator, plain.keys),
      authenticating('an attested key, cached', authenticator, attestedKeys),
      authenticating('a plain key, cached as attested', authenticator, keys),
      authenticating('an attested key, not cached', uncached.authenticator, attestedKeys),
    ],
    options,
  );
  return toTimingReport(TITLE, timings, ['Not cached: as on a replica that did not create the key. It makes no call.']);
}
