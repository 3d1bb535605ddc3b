import type { JSX } from 'preact';
import type { DemoDecision } from '../../../backend/demo-api.js';
import { formatClock, subjectName } from '../ui/format.js';
import { GROUPS, OUTCOMES, groupOf, outcomeGroupOf } from './decision-groups.js';
import { Glyph } from './glyph.js';
import { decisionCount, history } from './live-state.js';

const ROWS = 8;

/** The latest decisions as text. */
export function DecisionTable(): JSX.Element {
  const latest = decisionCount.value > 0 ? [...history.latest(ROWS)].reverse() : [];
  return (
    <details class="latest">
      <summary>Latest decisions as a table</summary>
      {latest.length === 0 ? (
        <p class="empty">No decisions yet.</p>
      ) : (
        <div class="scroll" tabIndex={0} role="group" aria-label="Latest decisions">
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Handler</th>
                <th scope="col">Outcome</th>
                <th scope="col">Decided by</th>
                <th scope="col">Subject</th>
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

function Row({ decision }: { readonly decision: DemoDecision }): JSX.Element {
  const { at, handler, outcome, decidedBy, code, subject } = decision;
  const group = groupOf(decidedBy, outcome);
  return (
    <tr>
      <td class="figures">{formatClock(at)}</td>
      <td>
        <code>{handler ?? '–'}</code>
      </td>
      <td>
        <Glyph outcome={outcomeGroupOf(outcome)} group={group} />{' '}
        {code ? <code>{code.replace('COINFLOW_', '')}</code> : OUTCOMES[outcome]}
      </td>
      <td>{GROUPS[group].name}</td>
      <td>{subject ? subjectName(subject) : '–'}</td>
    </tr>
  );
}
