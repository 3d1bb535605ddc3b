import type { OutcomeGroup } from './decision-groups.js';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

/** Paints one decision. The colour shows the group, the shape the outcome. */
export function paintMark(context: CanvasRenderingContext2D, outcome: OutcomeGroup, colour: string, box: Box): void {
  context.fillStyle = colour;
  context.strokeStyle = colour;
  SHAPES[outcome](context, box);
}

type Shape = (context: CanvasRenderingContext2D, box: Box) => void;

const SHAPES: Readonly<Record<OutcomeGroup, Shape>> = {
  authenticated: (context, { x, y, size }) => context.fillRect(x, y, size, size),
  anonymous: (context, { x, y, size }) => outline(context, x, y, size),
  rejected: (context, box) => cross(context, box),
  'rate-limited': (context, { x, y, size }) => {
    const height = Math.max(1.5, size * 0.32);
    context.fillRect(x, y + (size - height) / 2, size, height);
  },
  unavailable: (context, { x, y, size }) => {
    context.lineWidth = Math.max(1, size * 0.22);
    context.beginPath();
    context.arc(x + size / 2, y + size / 2, (size - context.lineWidth) / 2, 0, 2 * Math.PI);
    context.stroke();
  },
};

function outline(context: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  context.lineWidth = Math.max(1, size * 0.18);
  const inset = context.lineWidth / 2;
  context.strokeRect(x + inset, y + inset, size - 2 * inset, size - 2 * inset);
}

function cross(context: CanvasRenderingContext2D, { x, y, size }: Box): void {
  context.lineWidth = Math.max(1, size * 0.24);
  const inset = context.lineWidth / 3;
  context.beginPath();
  context.moveTo(x + inset, y + inset);
  context.lineTo(x + size - inset, y + size - inset);
  context.moveTo(x + size - inset, y + inset);
  context.lineTo(x + inset, y + size - inset);
  context.stroke();
}
