import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { CoinflowSharedStoreMetrics } from '../cache/shared-cache.js';
import type { CoinflowAuthService } from '../coinflow-auth.service.js';
import { getFromInstance } from '../contexts/instances.js';
import type { CoinflowAuthMetrics } from '../metrics/metrics.js';
import type { CoinflowWebhooks } from '../webhooks/coinflow-webhooks.js';

/** Options of a health check. */
export interface CoinflowHealthOptions {
  /**
   * The name of the named instance of `CoinflowAuthModule`.
   * @default the unnamed instance
   */
  instance?: string;
}

/** The part of `HealthIndicatorSession` that both versions of Terminus have; only the newer one has `degraded`. */
interface IndicatorSession {
  up(details: Details): HealthIndicatorResult;
  degraded?(details: Details): HealthIndicatorResult;
}

/** The part of Terminus' `HealthIndicatorService` that is used. */
interface Indicators {
  check(key: string): IndicatorSession;
}

type Details = Record<string, unknown>;

/**
 * A health indicator for `@nestjs/terminus`: whether Coinflow, the shared store and the store of deliveries are reachable. It
 * makes no call, however often it is checked: it reports the results of the calls that were made anyway.
 *
 * It is never `down`. During an outage the application still serves the users in its cache, and a restart would clear it.
 * Instead it is `degraded` (Terminus 12 and later), or `up` with the detail `unreachable`.
 * @example
 * @Get('health') @HealthCheck()
 * check() { return this.health.check([() => this.coinflow.isHealthy()]); }
 */
@Injectable()
export class CoinflowHealthIndicator {
  constructor(
    @Inject(HealthIndicatorService) private readonly indicators: Indicators,
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
  ) {}

  /** @param key of the result in the health check */
  isHealthy(key = 'coinflow', { instance }: CoinflowHealthOptions = {}): HealthIndicatorResult {
    const usedBy = CoinflowHealthIndicator.name;
    const coinflow = getFromInstance<CoinflowAuthService>(this.moduleRef, 'service', instance, usedBy);
    const indicator = this.indicators.check(key);
    const { isStoreAvailable } = getFromInstance<CoinflowWebhooks>(this.moduleRef, 'webhooks', instance, usedBy);
    const details = detailsOf(coinflow.metrics(), isStoreAvailable);
    const isDegraded = [details.coinflow, details.sharedStore, details.deliveries].includes('unreachable');
    return isDegraded && indicator.degraded ? indicator.degraded(details) : indicator.up(details);
  }
}

function detailsOf(
  { upstream, clockSkewMs, cache, sharedStore }: CoinflowAuthMetrics,
  isDeliveryStoreAvailable: boolean | undefined,
): Details {
  const endpoints = Object.values(upstream);
  const isUnreachable = endpoints.some(({ breaker }) => breaker !== 'closed');
  const wasReached = endpoints.some(({ answered }) => answered > 0);
  return {
    coinflow: isUnreachable ? 'unreachable' : wasReached ? 'reachable' : 'unknown',
    clockSkewMs,
    sessions: cache.sessions,
    ...(sharedStore && { sharedStore: isReachable(sharedStore) ? 'reachable' : 'unreachable' }),
    ...(isDeliveryStoreAvailable !== undefined && {
      deliveries: isDeliveryStoreAvailable ? 'reachable' : 'unreachable',
    }),
  };
}

/** Whether sessions are read and written, and the revocations of other replicas are received. */
function isReachable({ breaker, revocationsKnown }: CoinflowSharedStoreMetrics): boolean {
  return breaker === 'closed' && revocationsKnown !== false;
}
