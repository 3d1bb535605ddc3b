import { afterAll } from '@jest/globals';
import { startCoinflowEmulator, type CoinflowEmulator } from 'coinflow-emulator';

const free: CoinflowEmulator[] = [];

/** An emulator as it is after its start. Starting one takes longer than resetting one that another test has used. */
export async function takeEmulator(): Promise<CoinflowEmulator> {
  return free.pop() ?? startCoinflowEmulator();
}

/** Gives the next test an emulator that no application uses any more. */
export function giveBackEmulator(coinflow: CoinflowEmulator): void {
  coinflow.reset();
  coinflow.clearWebhooks();
  free.push(coinflow);
}

afterAll(async () => {
  await Promise.all(free.splice(0).map((coinflow) => coinflow.close()));
});
