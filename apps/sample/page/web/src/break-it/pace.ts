export interface Pace {
  stop(): void;
}

/** Does something so often until it is stopped, but never twice at the same time: what is late is left out. */
export function every(intervalMs: number, act: () => Promise<void>): Pace {
  let isBusy = false;
  const tick = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    try {
      await act();
    } finally {
      isBusy = false;
    }
  };
  const timer = setInterval(() => void tick(), intervalMs);
  void tick();
  return { stop: () => clearInterval(timer) };
}
