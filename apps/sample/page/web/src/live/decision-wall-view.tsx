import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import type { DemoDecision } from '../../../backend/demo-api.js';
import { Canvas, type Point } from './canvas.js';
import { describeDecision, describeMarks, type Mark } from './decision-history.js';
import { OUTCOME_GROUPS, type OutcomeGroup } from './decision-groups.js';
import { Glyph } from './glyph.js';
import { decisionCount, history } from './live-state.js';
import { palette } from './palette.js';
import { cellAt, firstShown, gridFor, paintWall, WALL_SIZE, type WallGrid } from './decision-wall.js';

const INTERVAL_MS = 100;
const SHAPES: readonly OutcomeGroup[] = ['authenticated', 'anonymous', 'rejected', 'rate-limited', 'unavailable'];

/** The decision under the pointer. */
const pointedAt = signal<DemoDecision | undefined>(undefined);

/** The last thousand decisions, one cell each. */
export function DecisionWallView(): JSX.Element {
  const seen = decisionCount.value;
  return (
    <figure class="wall">
      <Canvas
        className="wall-canvas"
        label={`The last ${Math.min(seen, WALL_SIZE)} decisions: ${describeMarks(history.latestMarks(WALL_SIZE))}`}
        heightFor={heightFor}
        intervalMs={INTERVAL_MS}
        onPoint={(point) => (pointedAt.value = point && decisionAt(point))}
        version={() => `${history.total} ${palette.value.ink}`}
        paint={(context, width) => {
          const grid = gridFor(width);
          paintWall(context, grid, shown(grid), palette.value);
        }}
      />
      <figcaption class="shapes">
        {SHAPES.map((outcome) => (
          <span key={outcome} class="shape">
            <Glyph outcome={outcome} /> {OUTCOME_GROUPS[outcome]}
          </span>
        ))}
        <span class="wall-words">
          {pointedAt.value
            ? describeDecision(pointedAt.value)
            : 'The last 1,000 decisions. Colour: decided by, as below. Shape: outcome.'}
        </span>
      </figcaption>
    </figure>
  );
}

function shown(grid: WallGrid): readonly Mark[] {
  const count = history.total - firstShown(history.total, grid);
  return count > 0 ? history.latestMarks(count) : [];
}

function decisionAt({ x, y, width }: Point): DemoDecision | undefined {
  const grid = gridFor(width);
  const cell = cellAt(x, y, grid);
  return cell === undefined ? undefined : history.at(firstShown(history.total, grid) + cell);
}

function heightFor(width: number): number {
  const { rows, pitch } = gridFor(width);
  return rows * pitch;
}
