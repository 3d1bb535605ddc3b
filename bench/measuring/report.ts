import type { Spread } from './statistics.js';

export type Figure = string | number | Spread | null;

export interface Column {
  readonly key: string;
  readonly title: string;
  /** Decimal places of its numbers. */
  readonly digits?: number;
}

/** The result of a benchmark, printed as JSON or as a table. */
export interface Report {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Readonly<Record<string, Figure>>[];
  readonly notes: readonly string[];
}

/** An aligned Markdown table, for the terminal and for the docs. */
export function toTable({ title, columns, rows, notes }: Report): string {
  const cells = rows.map((row) => columns.map(({ key, digits = 0 }) => format(row[key] ?? null, digits)));
  const lines = [columns.map((column) => column.title), ...cells];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  const [head = '', ...body] = lines.map((line) => asRow(line.map((cell, index) => pad(cell, widths[index], index))));
  const rule = asRow(widths.map((width, index) => (index === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)));
  const table = columns.length === 0 ? [] : [head, rule, ...body, ''];
  return [`## ${title}`, '', ...table, ...notes.flatMap((note) => [note, ''])].join('\n');
}

function asRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Aligns names left and numbers right. */
function pad(cell: string, width = 0, index: number): string {
  return index === 0 ? cell.padEnd(width) : cell.padStart(width);
}

function format(figure: Figure, digits: number): string {
  if (figure === null) return '';
  if (typeof figure === 'string') return figure;
  const number = (value: number): string =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  if (typeof figure === 'number') return number(figure);
  return `${number(figure.median)} (${number(figure.low)} to ${number(figure.high)})`;
}
