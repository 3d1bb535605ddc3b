import type { Mark } from './decision-history.js';
import { GROUP_ORDER } from './decision-groups.js';
import { paintMark } from './paint-mark.js';
import type { Palette } from './palette.js';

export const TIMELINE_MS = 60_000;
export const LANE_HEIGHT = 24;
export const TIMELINE_HEIGHT = GROUP_ORDER.length * LANE_HEIGHT;

const DOT = 4;
const PITCH = 5;
const PER_COLUMN = Math.floor((LANE_HEIGHT - 3) / PITCH);
const GRID_LINE_MS = 10_000;

export interface Placed {
  readonly mark: Mark;
  readonly x: number;
  readonly y: number;
}

/** Positions marks by time and lane. Marks of the same moment are stacked. */
export function placeMarks(marks: readonly Mark[], nowMs: number, width: number): Placed[] {
  const stacks = new Map<string, number>();
  const placed: Placed[] = [];
  for (const mark of marks) {
    const age = nowMs - mark.at;
    if (age < 0 || age > TIMELINE_MS) continue;
    const lane = GROUP_ORDER.indexOf(mark.group);
    // Columns follow the wall clock and not the screen, so a stack keeps its marks while it moves.
    const columnMs = (TIMELINE_MS / width) * PITCH;
    const column = Math.floor(mark.at / columnMs);
    const name = `${lane} ${column}`;
    const height = stacks.get(name) ?? 0;
    stacks.set(name, height + 1);
    const x = width - ((nowMs - column * columnMs) / TIMELINE_MS) * width;
    const y = (lane + 1) * LANE_HEIGHT - 3 - DOT - (height % PER_COLUMN) * PITCH;
    placed.push({ mark, x, y });
  }
  return placed;
}

export function paintTimeline(
  context: CanvasRenderingContext2D,
  width: number,
  marks: readonly Mark[],
  nowMs: number,
  palette: Palette,
): void {
  context.fillStyle = palette.line;
  for (let lane = 1; lane <= GROUP_ORDER.length; lane += 1) context.fillRect(0, lane * LANE_HEIGHT - 1, width, 1);
  for (let age = 0; age <= TIMELINE_MS; age += GRID_LINE_MS) {
    const x = Math.min(width - 1, Math.round(width - (age / TIMELINE_MS) * width));
    context.fillRect(x, 0, 1, TIMELINE_HEIGHT);
  }
  for (const { mark, x, y } of placeMarks(marks, nowMs, width)) {
    const isCoinflowCall = mark.group === 'coinflow';
    const size = isCoinflowCall ? DOT + 3 : DOT;
    paintMark(context, mark.outcome, palette.groups[mark.group], { x, y: isCoinflowCall ? y - 3 : y, size });
  }
}
