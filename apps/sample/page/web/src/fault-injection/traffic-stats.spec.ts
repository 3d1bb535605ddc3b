import { describe, expect, it } from '@jest/globals';
import type { ApiResponse } from '../api/call-api.js';
import { NO_TRAFFIC, p50LatencyMs, withResponse } from './traffic-stats.js';

function response(status: number, durationMs = 1, code?: string): ApiResponse {
  return { status, code, durationMs, body: undefined, message: undefined, retryAfterSeconds: undefined };
}

describe('withResponse', () => {
  it('counts responses by outcome and status, and keeps the last error', () => {
    const stats = [response(200, 10), response(503, 30, 'COINFLOW_UNAVAILABLE'), response(200, 20)].reduce(
      withResponse,
      NO_TRAFFIC,
    );
    expect(stats).toMatchObject({
      count: 3,
      authenticated: 2,
      outcomes: ['authenticated', 'unavailable', 'authenticated'],
      lastError: { status: 503, code: 'COINFLOW_UNAVAILABLE' },
      countByStatus: { 200: 2, 503: 1 },
    });
    expect(p50LatencyMs(stats)).toBe(20);
    expect(p50LatencyMs(NO_TRAFFIC)).toBeUndefined();
  });

  it('keeps the outcomes of the last 60 requests', () => {
    const stats = Array.from({ length: 100 }, () => response(200)).reduce(withResponse, NO_TRAFFIC);
    expect(stats.count).toBe(100);
    expect(stats.outcomes).toHaveLength(60);
  });
});
