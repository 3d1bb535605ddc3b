import type { JSX } from 'preact';
import { Canvas } from './canvas.js';
import { describeMarks, type Mark } from './decision-history.js';
import { FATES, type Fate } from './decision-kinds.js';
import { Glyph } from './glyph.js';
import { decisionsSeen, history } from './live.js';
import { palette } from './palette.js';
import { firstShown, gridFor, paintWall, WALL_SIZE, type WallGrid } from './wall.js';

const INTERVAL_MS = 100;
const SHAPES: readonly Fate[] = ['let-in', 'anonymous', 'refused', 'limited', 'undecided'];

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
        version={() => `${history.total} ${palette.value.ink}`}
        paint={(context, width) => {
          const grid = gridFor(width);
          paintWall(context, grid, shown(grid), palette.value);
        }}
      />
      <figcaption class="shapes">
        <span>The last 1,000 decisions, one square each.</span>
        {SHAPES.map((fate) => (
          <span key={fate} class="shape">
            <Glyph fate={fate} /> {FATES[fate]}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

function shown(grid: WallGrid): readonly Mark[] {
  const count = history.total - firstShown(history.total, grid);
  return count > 0 ? history.latestMarks(count) : [];
}

function heightFor(width: number): number {
  const { rows, pitch } = gridFor(width);
  return rows * pitch;
}
