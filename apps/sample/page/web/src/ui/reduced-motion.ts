const MOVING_MS = 100;
const STILL_MS = 1_000;

/** How often what moves is painted: for whoever has asked for little motion, once a second. */
export function motionIntervalMs(): number {
  return matchMedia('(prefers-reduced-motion: reduce)').matches ? STILL_MS : MOVING_MS;
}
