import { describe, expect, it } from '@jest/globals';
import type { Mark } from './decision-history.js';
import { linePath, median, quantile, roundUp, SecondSeries, sum } from './series.js';
import { LANE_HEIGHT, placeMarks, TIMELINE_MS } from './timeline.js';
import { cellAt, firstShown, gridFor } from './decision-wall.js';

function mark(at: number, group: Mark['group'] = 'cache'): Mark {
  return { at, group, outcome: 'authenticated' };
}

describe('SecondSeries', () => {
  it('summarises each second and has gaps for seconds without values', () => {
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

  it('computes the median and other quantiles', () => {
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
  ])('rounds the highest value %d up to %d for the axis', (highest, top) => {
    expect(roundUp(highest)).toBeCloseTo(top);
  });

  it('draws values as an SVG path with gaps, and a single second as a dot', () => {
    expect(linePath([0, 10, null, 5], 10, 30, 100)).toBe('M0 100h0L10 0M30 50h0');
  });
});

describe('the decision wall', () => {
  it.each([320, 774, 1_200])('shows a thousand decisions in a width of %d pixels', (width) => {
    const { columns, rows, pitch } = gridFor(width);
    expect(columns * rows).toBeGreaterThanOrEqual(1_000);
    expect(columns * pitch).toBeCloseTo(width);
  });

  it('scrolls by whole rows, so that no cell moves sideways', () => {
    const grid = { columns: 10, rows: 100, pitch: 10 };
    expect(firstShown(1_000, grid)).toBe(0);
    expect(firstShown(1_001, grid)).toBe(10);
    expect(firstShown(1_010, grid)).toBe(10);
    expect(firstShown(1_011, grid)).toBe(20);
  });

  it('finds the cell at a point', () => {
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

  it('puts the latest mark at the right, in the lane of its group', () => {
    const [attestation, cache] = placeMarks([mark(NOW, 'attestation'), mark(NOW - TIMELINE_MS / 2)], NOW, 600);
    expect(attestation?.x).toBeGreaterThan(590);
    expect(attestation?.y).toBeLessThan(LANE_HEIGHT);
    expect(cache?.x).toBeCloseTo(300, -1);
    expect(cache?.y).toBeGreaterThan(LANE_HEIGHT);
  });

  it('stacks marks of the same moment', () => {
    const [first, second] = placeMarks([mark(NOW), mark(NOW)], NOW, 600);
    expect(second?.x).toBe(first?.x);
    expect(second?.y).toBeLessThan(first?.y ?? 0);
  });

  it('leaves out marks that are older than a minute', () => {
    expect(placeMarks([mark(NOW - TIMELINE_MS - 1), mark(NOW + 1)], NOW, 600)).toEqual([]);
  });
});
