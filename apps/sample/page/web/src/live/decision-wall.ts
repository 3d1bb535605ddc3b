import type { Mark } from './decision-history.js';
import { paintMark } from './paint-mark.js';
import type { Palette } from './palette.js';

/** The number of decisions that the wall shows. */
export const WALL_SIZE = 1_000;

const ROOMY_PX = 12;
const TIGHT_PX = 9;
const WIDE_PX = 520;

export interface WallGrid {
  readonly columns: number;
  readonly rows: number;
  readonly pitch: number;
}

/** The grid for a width. Narrow walls have smaller cells, so the height is similar at every width. */
export function gridFor(width: number): WallGrid {
  const wanted = width >= WIDE_PX ? ROOMY_PX : TIGHT_PX;
  const columns = Math.max(1, Math.floor(width / wanted));
  return { columns, rows: Math.ceil(WALL_SIZE / columns), pitch: width / columns };
}

/** The index of the first cell. A full wall drops its oldest row, so cells move up but never sideways. */
export function firstShown(total: number, { columns, rows }: WallGrid): number {
  const room = columns * rows;
  return total <= room ? 0 : Math.ceil((total - room) / columns) * columns;
}

/** The index of the cell at a point; `undefined` outside of the wall. */
export function cellAt(x: number, y: number, { columns, rows, pitch }: WallGrid): number | undefined {
  const [column, row] = [Math.floor(x / pitch), Math.floor(y / pitch)];
  const isInside = column >= 0 && column < columns && row >= 0 && row < rows;
  return isInside ? row * columns + column : undefined;
}

export function paintWall(
  context: CanvasRenderingContext2D,
  grid: WallGrid,
  marks: readonly Mark[],
  palette: Palette,
): void {
  const { columns, rows, pitch } = grid;
  const size = pitch - Math.max(1.5, pitch * 0.18);
  for (let index = 0; index < columns * rows; index += 1) {
    const box = { x: (index % columns) * pitch, y: Math.floor(index / columns) * pitch, size };
    const mark = marks[index];
    if (!mark) {
      context.fillStyle = palette.empty;
      context.fillRect(box.x, box.y, size, size);
      continue;
    }
    paintMark(context, mark.outcome, palette.groups[mark.group], box);
    // A call is rare and important, so it has a ring in addition to its colour.
    if (mark.group === 'coinflow') ring(context, box.x, box.y, size, palette.ink);
  }
}

function ring(context: CanvasRenderingContext2D, x: number, y: number, size: number, ink: string): void {
  context.strokeStyle = ink;
  context.lineWidth = 1.5;
  context.strokeRect(x - 0.75, y - 0.75, size + 1.5, size + 1.5);
}
