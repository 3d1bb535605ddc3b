import { useEffect, useRef } from 'preact/hooks';
import type { JSX } from 'preact';

export type Paint = (context: CanvasRenderingContext2D, width: number, height: number) => void;

interface CanvasProps {
  readonly label: string;
  readonly className: string;
  readonly heightFor: (width: number) => number;
  readonly paint: Paint;
  /** The canvas is painted at most once in this time. */
  readonly intervalMs: number;
  /** The canvas is painted again only when this value changes. Without it, at each interval. */
  readonly version?: () => unknown;
  /** Called with the position of the pointer, and with `undefined` when the pointer leaves. */
  readonly onPoint?: (point: Point | undefined) => void;
}

export interface Point {
  readonly x: number;
  readonly y: number;
  /** The width of the canvas. */
  readonly width: number;
}

/** A canvas in the resolution of the screen. It is painted repeatedly while it is visible. */
export function Canvas({ label, className, heightFor, paint, intervalMs, version, onPoint }: CanvasProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef({ paint, heightFor, version });
  latest.current = { paint, heightFor, version };

  useEffect(() => {
    const element = canvas.current;
    return element ? paintRepeatedly(element, latest, intervalMs) : undefined;
  }, [intervalMs]);

  return (
    <canvas
      ref={canvas}
      class={className}
      role="img"
      aria-label={label}
      onPointerMove={({ offsetX: x, offsetY: y, currentTarget }) =>
        onPoint?.({ x, y, width: currentTarget.clientWidth })
      }
      onPointerLeave={() => onPoint?.(undefined)}
    />
  );
}

interface Latest {
  readonly current: Pick<CanvasProps, 'paint' | 'heightFor' | 'version'>;
}

function paintRepeatedly(canvas: HTMLCanvasElement, latest: Latest, intervalMs: number): () => void {
  const context = canvas.getContext('2d');
  let frame = 0;
  let paintedAt = -Infinity;
  let painted: unknown[] = [];

  const step = (now: number): void => {
    frame = requestAnimationFrame(step);
    const { clientWidth } = canvas;
    if (!context || clientWidth === 0 || now - paintedAt < intervalMs) return;
    const { version, heightFor, paint } = latest.current;
    const wanted = [clientWidth, devicePixelRatio, version ? version() : now];
    if (wanted.every((part, i) => part === painted[i])) return;
    paintedAt = now;
    painted = wanted;
    const { width, height } = fit(canvas, heightFor);
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, width, height);
    paint(context, width, height);
  };
  frame = requestAnimationFrame(step);
  return () => cancelAnimationFrame(frame);
}

/** Sets the size in device pixels. Only on a change, because setting the size clears the canvas. */
function fit(canvas: HTMLCanvasElement, heightFor: (width: number) => number): { width: number; height: number } {
  const width = canvas.clientWidth;
  const height = Math.ceil(heightFor(width));
  const [wide, high] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
    canvas.style.height = `${height}px`;
  }
  return { width, height };
}
