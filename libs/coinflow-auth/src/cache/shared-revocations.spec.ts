import { createSecretKey } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { RecordingLogger } from '../../../../test/harness/recording-logger.js';
import { CoinflowClock } from '../http/clock-skew.js';
import type { RevocationListener } from '../options/store-contracts.js';
import { Sealer } from './sealer.js';
import { Revocations } from './revocations.js';
import { SessionEnds } from './session-ends.js';
import { SessionCache } from './session-cache.js';
import { SharedRevocations } from './shared-revocations.js';

describe('SharedRevocations', () => {
  afterEach(() => {
    Logger.overrideLogger(false);
  });

  it('knows the revocations once the boards of all seal keys do, and logs the cause until then', async () => {
    const logger = new RecordingLogger();
    Logger.overrideLogger(logger);
    const listeners: RevocationListener[] = [];
    const board = {
      open: (_: string, listener: RevocationListener) => {
        listeners.push(listener);
        return Promise.resolve({ publish: () => Promise.resolve(), close: () => undefined });
      },
    };
    const sealKeys = [1, 2].map((byte) => createSecretKey(Buffer.alloc(32, byte)));
    const sealer = new Sealer({ env: 'prod', baseUrl: 'https://api.coinflow.cash', merchantId: 'ours', sealKeys });
    const clock = new CoinflowClock();
    const shared = new SharedRevocations(
      board,
      sealer,
      new Revocations(clock, new SessionEnds()),
      new SessionCache(
        10,
        clock,
        new Revocations(clock, new SessionEnds()),
        { attest: () => undefined },
        new SessionEnds(),
      ),
    );
    await shared.open();
    const [first, second] = listeners;
    for (const [listener, isInformed, isKnown] of [
      [first, true, true],
      [second, false, false],
      [first, true, false],
      [second, true, true],
      [first, false, false],
    ] as const) {
      listener?.informed(isInformed, isInformed ? undefined : 'NOPERM\n[Nest] forged');
      expect(shared.isInformed).toBe(isKnown);
    }
    expect(logger.at('warn')).toHaveLength(2);
    expect(logger.at('warn')[0]).toContain('Cause: NOPERM [Nest] forged [revocations-unavailable]');
    expect(logger.at('log')).toHaveLength(1);
  });
});
