import { timeBatches, type BatchOptions } from '../measuring/batches.js';
import type { Report } from '../measuring/report.js';
import { createInstance } from '../sessions/remembered-sessions.js';
import type { RememberedKeys } from './remembered-keys.js';
import { authenticating } from './service-decision.js';
import { toTimingReport } from './timing-report.js';

const TITLE = 'Decision of the service, attested keys';

/** Keys that carry the proof that this application obtained them: where they are remembered, and where they were never seen. */
export async function measureAttested(known: RememberedKeys, options: BatchOptions): Promise<Report> {
  const { authenticator, keys, attestedKeys } = known;
  if (attestedKeys.length === 0) {
    return { title: TITLE, columns: [], rows: [], notes: ['Attested keys are not available in this version.'] };
  }
  // With room for one session, each key that comes round is new again.
  const forgetful = await createInstance(1);
  const timings = timeBatches(
    [
      authenticating('a plain key, remembered', authenticator, keys),
      authenticating('an attested key, remembered', authenticator, attestedKeys),
      authenticating('an attested key, never seen', forgetful.authenticator, attestedKeys),
    ],
    options,
  );
  return toTimingReport(TITLE, timings, ['Never seen: by an instance that did not obtain the key, and asks nobody.']);
}
