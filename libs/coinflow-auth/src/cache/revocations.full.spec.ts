import { Logger } from '@nestjs/common';
import { afterEach, expect, it } from '@jest/globals';
import { RecordingLogger } from '../../../../test/harness/recording-logger.js';
import { CoinflowClock } from '../http/clock-skew.js';
import { Revocations } from './revocations.js';
import { SessionEnds } from './session-ends.js';

const MOST = 1_000_000;

afterEach(() => {
  Logger.overrideLogger(false);
});

it('forgets the oldest revocations beyond a million, and logs one error', () => {
  const logger = new RecordingLogger();
  Logger.overrideLogger(logger);
  const revocations = new Revocations(new CoinflowClock(), new SessionEnds());
  const untilMs = Date.now() + 86_400_000;
  for (let index = 0; index < MOST; index += 1) revocations.revokeKey(`key-${index}`, untilMs);
  expect(logger.lines).toEqual([]);

  for (let index = MOST; index < MOST + 2; index += 1) revocations.revokeKey(`key-${index}`, untilMs);
  expect(revocations.size.revokedKeys).toBe(MOST);
  const known = [0, 1, 2, MOST + 1].map((index) => revocations.hasKey(`key-${index}`));
  expect(known).toEqual([false, false, true, true]);
  expect(logger.at('error')).toEqual([expect.stringContaining('the oldest are forgotten')]);
});
