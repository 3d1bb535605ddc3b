import { describe, expect, it } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import { CallLog } from './calls.js';

describe('CallLog', () => {
  it('keeps the newest 10,000 calls, and counts all', () => {
    const log = new CallLog();
    for (let i = 0; i < 10_200; i += 1)
      log.record('verify', { headers: { 'x-number': String(i) } } as unknown as FastifyRequest);
    expect(log.calls).toHaveLength(10_000);
    expect(log.calls[0]).toEqual({ endpoint: 'verify', headers: { 'x-number': '200' } });
    expect(log.count('verify')).toBe(10_200);
  });
});
