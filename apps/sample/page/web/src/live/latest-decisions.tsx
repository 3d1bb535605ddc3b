import type { JSX } from 'preact';
import type { DemoDecision } from '../../../backend/demo-api.js';
import { formatClock, subjectName } from '../ui/format.js';
import { BASES, basisOf, fateOf, FATES } from './decision-kinds.js';
import { Glyph } from '../../../../web/src/live/glyph.js';
import { decisionsSeen, history } from './live.js';

const SHOWN = 8;

/** The same as a list, for whoever wants to read it. */
export function LatestDecisions(): JSX.Element {
  const latest = decisionsSeen.value > 0 ? [...history.latest(SHOWN)].reverse() : [];
  return (
    <details class="latest">
      <summary>The last decisions, as a list</summary>
      {latest.length === 0 ? (
        <p class="empty">None yet.</p>
      ) : (
        <div class="scroll" tabIndex={0} role="group" aria-label="The last decisions">
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Handler</th>
                <th scope="col">What became of it</th>
                <th scope="col">Rests on</th>
                <th scope="col">Who</th>
              </tr>
            </thead>
            <tbody>
              {latest.map((decision, index) => (
                <Row key={`${history.total - index}`} decision={decision} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

function Row({
  decision: { at, handler, outcome, decidedBy, code, subject },
}: {
  readonly decision: DemoDecision;
}): JSX.Element {
  const fate = fateOf(outcome);
  const basis = basisOf(decidedBy, outcome);
  return (
    <tr>
      <td class="figures">{formatClock(at)}</td>
      <td>
        <code>{handler ?? '–'}</code>
      </td>
      <td>
        <Glyph fate={fate} basis={basis} /> {code ? <code>{code.replace('COINFLOW_', '')}</code> : FATES[fate]}
      </td>
      <td>{BASES[basis].name}</td>
      <td>{subject ? subjectName(subject) : '–'}</td>
    </tr>
  );
}
