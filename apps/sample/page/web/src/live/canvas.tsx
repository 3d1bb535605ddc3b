import { useEffect, useRef } from 'preact/hooks';
import type { JSX } from 'preact';

export type Paint = (context: CanvasRenderingContext2D, width: number, height: number) => void;

interface CanvasProps {
  readonly label: string;
  readonly className: string;
  readonly heightFor: (width: number) => number;
  readonly paint: Paint;
  /** How often it is painted, at most. */
  readonly intervalMs: number;
  /** What it shows: while this stays the same, it is not painted again. Without it, time alone moves it. */
  readonly version?: () => unknown;
  /** Told where on it a mouse or a finger is, and when it has left. */
  readonly onPoint?: (point: Point | undefined) => void;
}

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Of the whole picture. */
  readonly width: number;
}

/** A picture that is painted again and again while it can be seen, sharp on any screen. */
export function Canvas({ label, className, heightFor, paint, intervalMs, version, onPoint }: CanvasProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef({ paint, heightFor, version });
  latest.current = { paint, heightFor, version };

  useEffect(() => {
    const element = canvas.current;
    return element ? paintAgainAndAgain(element, latest, intervalMs) : undefined;
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

function paintAgainAndAgain(canvas: HTMLCanvasElement, latest: Latest, intervalMs: number): () => void {
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

/** Gives the picture as many points as the screen has for it. Setting a size clears it, so only when it has changed. */
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
