import { createSecretKey } from 'node:crypto';
import { describe, expect, it, jest } from '@jest/globals';
import { CoinflowClock } from '../http/clock-skew.js';
import type { RevocationListener } from '../options/store-contracts.js';
import { Sealer } from './sealer.js';
import { Revocations } from './revocations.js';
import { SessionEnds } from './session-ends.js';
import { SessionCache } from './session-cache.js';
import { SharedRevocations } from './shared-revocations.js';

const SCOPE = { env: 'prod', baseUrl: 'https://api.coinflow.cash', merchantId: 'ours' } as const;

describe('the notices that a replica publishes again', () => {
  it('publishes again neither expired notices nor the oldest ones beyond the bound', async () => {
    let listener: RevocationListener | undefined;
    const board = {
      open: (_: string, given: RevocationListener) => {
        listener = given;
        return Promise.resolve({ publish: () => Promise.resolve(), close: () => undefined });
      },
    };
    const sealer = new Sealer({ ...SCOPE, sealKeys: [createSecretKey(Buffer.alloc(32, 1))] });
    const revocations = new Revocations(new CoinflowClock(), new SessionEnds());
    const shared = new SharedRevocations(
      board,
      sealer,
      revocations,
      new SessionCache(10, new CoinflowClock(), revocations, { attest: () => undefined }, new SessionEnds()),
    );
    await shared.open();
    await shared.publishKey('expired', Date.now() - 1);
    const publishedAt = performance.now();
    // For a day in any case, since this machine's clock may be ahead.
    expect(Array.from(listener?.published() ?? [])).toHaveLength(1);
    const now = jest.spyOn(performance, 'now').mockReturnValue(publishedAt + 86_400_001);
    expect(Array.from(listener?.published() ?? [])).toEqual([]);
    now.mockRestore();
    for (let i = 0; i < 100_001; i += 1) await shared.publishKey(String(i), Infinity);
    const names = Array.from(listener?.published() ?? [], ({ name }) => name);
    expect(names).toHaveLength(100_000);
    const nameOf = (id: string): string => sealer.nameOf('revocation', `key ${Buffer.from(id).toString('base64url')}`);
    expect([names[0], names.at(-1)]).toEqual([nameOf('1'), nameOf('100000')]);
  });
});
