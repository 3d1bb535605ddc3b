import type { JSX } from 'preact';
import { formatCount } from '../ui/format.js';
import { useNow } from '../ui/clock.js';
import { motionIntervalMs } from '../ui/reduced-motion.js';
import { Canvas } from '../../../../web/src/live/canvas.js';
import { countByBasis, describeMarks } from './decision-history.js';
import { BASES, BASIS_ORDER } from './decision-kinds.js';
import { Glyph } from '../../../../web/src/live/glyph.js';
import { history } from './live.js';
import { palette } from './palette.js';
import { paintTimeline, TIMELINE_HEIGHT, TIMELINE_MS } from './timeline.js';

/** The last minute: a lane for each thing that a decision can rest on, and each request a mark in it. */
export function TimelineView(): JSX.Element {
  const now = useNow(500);
  const marks = history.marksSince(now - TIMELINE_MS);
  const counts = countByBasis(marks);
  return (
    <div class="timeline">
      <h3>What decisions rested on, last minute</h3>
      <div class="lanes">
        <ul class="lane-names">
          {BASIS_ORDER.map((basis) => (
            <li key={basis} class={`lane-name ${counts[basis] === 0 ? 'is-none' : ''}`} title={BASES[basis].meaning}>
              <Glyph fate="let-in" basis={basis} />
              <span>{BASES[basis].name}</span>
              <span class="figures lane-count">{formatCount(counts[basis])}</span>
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
