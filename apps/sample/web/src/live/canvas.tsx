import { useEffect, useRef } from 'preact/hooks';
import type { JSX } from 'preact';

export type Paint = (context: CanvasRenderingContext2D, width: number, height: number) => void;

interface CanvasProps {
  readonly label: string;
  readonly className: string;
  readonly heightFor: (width: number) => number;
  readonly paint: Paint;
  /** How often it is painted; a picture that only changes with what it shows is not moved by time. */
  readonly intervalMs: number;
}

/** A picture that is painted again and again while it can be seen, sharp on any screen. */
export function Canvas({ label, className, heightFor, paint, intervalMs }: CanvasProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef({ paint, heightFor });
  latest.current = { paint, heightFor };

  useEffect(() => {
    const element = canvas.current;
    return element ? paintAgainAndAgain(element, latest, intervalMs) : undefined;
  }, [intervalMs]);

  return <canvas ref={canvas} class={className} role="img" aria-label={label} />;
}

interface Latest {
  readonly current: Pick<CanvasProps, 'paint' | 'heightFor'>;
}

function paintAgainAndAgain(canvas: HTMLCanvasElement, latest: Latest, intervalMs: number): () => void {
  const context = canvas.getContext('2d');
  let frame = 0;
  let paintedAt = -Infinity;

  const step = (now: number): void => {
    frame = requestAnimationFrame(step);
    if (!context || now - paintedAt < intervalMs) return;
    paintedAt = now;
    const { width, height } = fit(canvas, latest.current.heightFor);
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, width, height);
    latest.current.paint(context, width, height);
  };
  frame = requestAnimationFrame(step);
  return () => cancelAnimationFrame(frame);
}

/** Gives the picture as many points as the screen has for it. Setting a size clears it, so only when it has changed. */
function fit(canvas: HTMLCanvasElement, heightFor: (width: number) => number): { width: number; height: number } {
  const width = Math.max(1, canvas.clientWidth);
  const height = Math.ceil(heightFor(width));
  const [wide, high] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
    canvas.style.height = `${height}px`;
  }
  return { width, height };
}
