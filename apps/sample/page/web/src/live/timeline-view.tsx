import type { JSX } from 'preact';
import { formatCount } from '../ui/format.js';
import { useNow } from '../ui/timers.js';
import { motionIntervalMs } from '../ui/timers.js';
import { Canvas } from './canvas.js';
import { countByGroup, describeMarks } from './decision-history.js';
import { GROUPS, GROUP_ORDER } from './decision-groups.js';
import { Glyph } from './glyph.js';
import { history } from './live-state.js';
import { palette } from './palette.js';
import { paintTimeline, TIMELINE_HEIGHT, TIMELINE_MS } from './timeline.js';

/** The decisions of the last minute: one lane for each group, one mark for each decision. */
export function TimelineView(): JSX.Element {
  const now = useNow(500);
  const marks = history.marksSince(now - TIMELINE_MS);
  const counts = countByGroup(marks);
  return (
    <div class="timeline">
      <h3>Decided by (last minute)</h3>
      <div class="lanes">
        <ul class="lane-names">
          {GROUP_ORDER.map((group) => (
            <li key={group} class={`lane-name ${counts[group] === 0 ? 'is-none' : ''}`} title={GROUPS[group].meaning}>
              <Glyph outcome="authenticated" group={group} />
              <span>{GROUPS[group].name}</span>
              <span class="figures lane-count">{formatCount(counts[group])}</span>
            </li>
          ))}
        </ul>
        <Canvas
          className="timeline-canvas"
          label={`Decisions of the last minute: ${describeMarks(marks)}`}
          heightFor={() => TIMELINE_HEIGHT}
          intervalMs={motionIntervalMs()}
          paint={(context, width) => {
            const at = Date.now();
            paintTimeline(context, width, history.marksSince(at - TIMELINE_MS), at, palette.value);
          }}
        />
      </div>
      <p class="axis" aria-hidden="true">
        <span>1 min ago</span>
        <span>now</span>
      </p>
    </div>
  );
}
