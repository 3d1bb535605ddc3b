import { afterAll } from '@jest/globals';
import { startCoinflowEmulator, type CoinflowEmulator } from 'coinflow-emulator';

const free: CoinflowEmulator[] = [];

/** Returns an emulator in its initial state. Resetting a used emulator is faster than starting a new one. */
export async function takeEmulator(): Promise<CoinflowEmulator> {
  return free.pop() ?? startCoinflowEmulator();
}

/** Returns an unused emulator to the pool. */
export function giveBackEmulator(coinflow: CoinflowEmulator): void {
  coinflow.reset();
  coinflow.clearWebhooks();
  free.push(coinflow);
}

afterAll(async () => {
  await Promise.all(free.splice(0).map((coinflow) => coinflow.close()));
});
