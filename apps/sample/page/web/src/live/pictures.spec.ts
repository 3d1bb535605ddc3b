import { describe, expect, it } from '@jest/globals';
import type { Mark } from './decision-history.js';
import { linePath, median, quantile, roundUp, SecondSeries, sum } from './series.js';
import { LANE_HEIGHT, placeMarks, TIMELINE_MS } from './timeline.js';
import { cellAt, firstShown, gridFor } from './wall.js';

function mark(at: number, basis: Mark['basis'] = 'memory'): Mark {
  return { at, basis, fate: 'let-in' };
}

describe('a series of seconds', () => {
  it('summarises each second, and leaves gaps where nothing was', () => {
    const series = new SecondSeries(3);
    for (const [at, value] of [
      [1_000, 1],
      [1_999, 3],
      [3_500, 5],
    ] as const)
      series.add(at, value);
    expect(series.summarise(3_900, sum)).toEqual([4, null, 5]);
    expect(series.summarise(5_000, sum)).toEqual([5, null, null]);
  });

  it('has quantiles', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9)).toBe(9);
    expect(quantile([], 0.9)).toBe(0);
  });

  it.each([
    [0, 1],
    [0.4, 0.5],
    [7, 10],
    [11, 20],
    [201, 500],
    [1_000, 1_000],
  ])('%d fits below %d', (highest, top) => {
    expect(roundUp(highest)).toBeCloseTo(top);
  });

  it('is a line that is interrupted by gaps, and a dot where a second is lonely', () => {
    expect(linePath([0, 10, null, 5], 10, 30, 100)).toBe('M0 100h0L10 0M30 50h0');
  });
});

describe('the wall', () => {
  it.each([320, 774, 1_200])('has room for a thousand in %d pixels', (width) => {
    const { columns, rows, pitch } = gridFor(width);
    expect(columns * rows).toBeGreaterThanOrEqual(1_000);
    expect(columns * pitch).toBeCloseTo(width);
  });

  it('moves by whole rows, so that no cell moves sideways', () => {
    const grid = { columns: 10, rows: 100, pitch: 10 };
    expect(firstShown(1_000, grid)).toBe(0);
    expect(firstShown(1_001, grid)).toBe(10);
    expect(firstShown(1_010, grid)).toBe(10);
    expect(firstShown(1_011, grid)).toBe(20);
  });

  it('knows the cell at a point', () => {
    const grid = { columns: 10, rows: 100, pitch: 10 };
    expect([cellAt(0, 0, grid), cellAt(99.9, 0, grid), cellAt(5, 12, grid), cellAt(99, 999, grid)]).toEqual([
      0, 9, 10, 999,
    ]);
    expect([cellAt(100, 0, grid), cellAt(-1, 5, grid), cellAt(5, 1_000, grid)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('the timeline', () => {
  const NOW = 1_000_000;

  it('puts the latest at the right, in the lane of what it rests on', () => {
    const [tag, memory] = placeMarks([mark(NOW, 'tag'), mark(NOW - TIMELINE_MS / 2)], NOW, 600);
    expect(tag?.x).toBeGreaterThan(590);
    expect(tag?.y).toBeLessThan(LANE_HEIGHT);
    expect(memory?.x).toBeCloseTo(300, -1);
    expect(memory?.y).toBeGreaterThan(LANE_HEIGHT);
  });

  it('heaps up what comes at once', () => {
    const [first, second] = placeMarks([mark(NOW), mark(NOW)], NOW, 600);
    expect(second?.x).toBe(first?.x);
    expect(second?.y).toBeLessThan(first?.y ?? 0);
  });

  it('leaves out what is older than a minute', () => {
    expect(placeMarks([mark(NOW - TIMELINE_MS - 1), mark(NOW + 1)], NOW, 600)).toEqual([]);
  });
});
