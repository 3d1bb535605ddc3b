import type { Mark } from './decision-history.js';
import { BASIS_ORDER } from './decision-kinds.js';
import { paintMark } from './paint-mark.js';
import type { Palette } from './palette.js';

export const TIMELINE_MS = 60_000;
export const LANE_HEIGHT = 24;
export const TIMELINE_HEIGHT = BASIS_ORDER.length * LANE_HEIGHT;

const DOT = 4;
const PITCH = 5;
const PER_COLUMN = Math.floor((LANE_HEIGHT - 3) / PITCH);
const EVERY_MS = 10_000;

export interface Placed {
  readonly mark: Mark;
  readonly x: number;
  readonly y: number;
}

/** Puts marks where they belong: the time from left to right, its lane from top to bottom, and a heap where many come at once. */
export function placeMarks(marks: readonly Mark[], nowMs: number, width: number): Placed[] {
  const heaps = new Map<string, number>();
  const placed: Placed[] = [];
  for (const mark of marks) {
    const age = nowMs - mark.at;
    if (age < 0 || age > TIMELINE_MS) continue;
    const lane = BASIS_ORDER.indexOf(mark.basis);
    // Columns of the wall clock, not of the screen: what is in a heap stays in it while the heap moves on.
    const columnMs = (TIMELINE_MS / width) * PITCH;
    const column = Math.floor(mark.at / columnMs);
    const name = `${lane} ${column}`;
    const height = heaps.get(name) ?? 0;
    heaps.set(name, height + 1);
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
  for (let lane = 1; lane <= BASIS_ORDER.length; lane += 1) context.fillRect(0, lane * LANE_HEIGHT - 1, width, 1);
  for (let age = 0; age <= TIMELINE_MS; age += EVERY_MS) {
    const x = Math.min(width - 1, Math.round(width - (age / TIMELINE_MS) * width));
    context.fillRect(x, 0, 1, TIMELINE_HEIGHT);
  }
  for (const { mark, x, y } of placeMarks(marks, nowMs, width)) {
    const isCall = mark.basis === 'call';
    const size = isCall ? DOT + 3 : DOT;
    paintMark(context, mark.fate, palette.bases[mark.basis], { x, y: isCall ? y - 3 : y, size });
  }
}
