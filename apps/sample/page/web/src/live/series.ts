const SECOND_MS = 1_000;

/** The values of the last minute by second, for a plot. */
export class SecondSeries {
  readonly #bySecond = new Map<number, number[]>();

  constructor(private readonly seconds = 60) {}

  add(atMs: number, value: number): void {
    const second = Math.floor(atMs / SECOND_MS);
    const values = this.#bySecond.get(second);
    if (values) values.push(value);
    else this.#bySecond.set(second, [value]);
    this.#dropBefore(second - this.seconds);
  }

  /** One number for each of the last seconds, oldest first; `null` for a second without values. */
  summarise(nowMs: number, summary: (values: readonly number[]) => number): (number | null)[] {
    const last = Math.floor(nowMs / SECOND_MS);
    return Array.from({ length: this.seconds }, (_, i) => {
      const values = this.#bySecond.get(last - this.seconds + 1 + i);
      return values ? summary(values) : null;
    });
  }

  #dropBefore(second: number): void {
    for (const known of this.#bySecond.keys()) if (known < second) this.#bySecond.delete(known);
  }
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value that this share of the values does not exceed; 0 without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** The end of an axis: the next round number. */
export function roundUp(highest: number): number {
  if (highest <= 0) return 1;
  const magnitude = 10 ** Math.floor(Math.log10(highest));
  const step = [1, 2, 5, 10].find((factor) => factor * magnitude >= highest) ?? 10;
  return step * magnitude;
}

/** An SVG path through the values in a box of this size, with a gap for each `null`. */
export function linePath(values: readonly (number | null)[], top: number, width: number, height: number): string {
  const step = width / Math.max(1, values.length - 1);
  let isDrawing = false;
  return values
    .map((value, i) => {
      if (value === null) {
        isDrawing = false;
        return '';
      }
      const point = `${isDrawing ? 'L' : 'M'}${round(i * step)} ${round(height - (Math.min(value, top) / top) * height)}`;
      // A line of length zero with round ends is a dot. A single second would be invisible otherwise.
      const dot = isDrawing ? '' : 'h0';
      isDrawing = true;
      return point + dot;
    })
    .join('');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
