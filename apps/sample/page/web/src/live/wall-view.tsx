import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import type { DemoDecision } from '../../../backend/demo-api.js';
import { Canvas, type Point } from '../../../../web/src/live/canvas.js';
import { describeDecision, describeMarks, type Mark } from './decision-history.js';
import { FATES, type Fate } from './decision-kinds.js';
import { Glyph } from '../../../../web/src/live/glyph.js';
import { decisionsSeen, history } from './live.js';
import { palette } from './palette.js';
import { cellAt, firstShown, gridFor, paintWall, WALL_SIZE, type WallGrid } from './wall.js';

const INTERVAL_MS = 100;
const SHAPES: readonly Fate[] = ['let-in', 'anonymous', 'refused', 'limited', 'undecided'];

/** The decision that the mouse is on. */
const pointedAt = signal<DemoDecision | undefined>(undefined);

/** The last thousand decisions, each a cell. */
export function WallView(): JSX.Element {
  const seen = decisionsSeen.value;
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
        {SHAPES.map((fate) => (
          <span key={fate} class="shape">
            <Glyph fate={fate} /> {FATES[fate]}
          </span>
        ))}
        <span class="wall-words">
          {pointedAt.value ? describeDecision(pointedAt.value) : 'The last 1,000 decisions, one square each.'}
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
  return cell === undefined ? undefined : history.numbered(firstShown(history.total, grid) + cell);
}

function heightFor(width: number): number {
  const { rows, pitch } = gridFor(width);
  return rows * pitch;
}
