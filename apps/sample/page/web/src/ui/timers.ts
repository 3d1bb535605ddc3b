import { useEffect, useState } from 'preact/hooks';

const MOTION_INTERVAL_MS = 100;
const REDUCED_MOTION_INTERVAL_MS = 1_000;

/** The current time. Renders the component again at each interval. */
export function useNow(intervalMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), intervalMs);
    return () => clearInterval(timer);
  }, [intervalMs]);
  return now;
}

/** How often a moving chart is painted: once a second if the user prefers reduced motion. */
export function motionIntervalMs(): number {
  const isReduced = matchMedia('(prefers-reduced-motion: reduce)').matches;
  return isReduced ? REDUCED_MOTION_INTERVAL_MS : MOTION_INTERVAL_MS;
}

export interface Repetition {
  stop(): void;
}

/** Repeats an action at an interval. Skips an interval while the previous run is still pending. */
export function repeat(intervalMs: number, action: () => Promise<void>): Repetition {
  let isBusy = false;
  const tick = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    try {
      await action();
    } finally {
      isBusy = false;
    }
  };
  const timer = setInterval(() => void tick(), intervalMs);
  void tick();
  return { stop: () => clearInterval(timer) };
}
