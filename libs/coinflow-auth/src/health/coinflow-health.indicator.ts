import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { CoinflowSharedStoreMetrics } from '../cache/shared-cache.js';
import type { CoinflowAuthService } from '../coinflow-auth.service.js';
import { getFromInstance } from '../contexts/instances.js';
import type { CoinflowAuthMetrics } from '../metrics/metrics.js';
import type { CoinflowWebhooks } from '../webhooks/receiving/coinflow-webhooks.js';

/** What a health check can ask for. */
export interface CoinflowHealthOptions {
  /**
   * The name of the instance of `CoinflowAuthModule`.
   * @default the unnamed one
   */
  instance?: string;
}

/** A `HealthIndicatorSession`, as far as both versions of Terminus agree; only the newer one knows `degraded`. */
interface IndicatorSession {
  up(details: Details): HealthIndicatorResult;
  degraded?(details: Details): HealthIndicatorResult;
}

/** As much of Terminus' `HealthIndicatorService` as is used. */
interface Indicators {
  check(key: string): IndicatorSession;
}

type Details = Record<string, unknown>;

/**
 * How Coinflow, the shared store and the store of deliveries look from here, for `@nestjs/terminus`. It makes no call, however often it is probed: it tells what calls
 * came to. It is never `down`: with both away the application still serves whomever it knows, and a restart would make
 * it forget them. Where Terminus knows `degraded` (12 and up) it says that, otherwise `up` with what is `unreachable`.
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

  /** @param key under which the result stands in the answer */
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
  areDeliveriesRemembered: boolean | undefined,
): Details {
  const endpoints = Object.values(upstream);
  const isAway = endpoints.some(({ breaker }) => breaker !== 'closed');
  const wasReached = endpoints.some(({ answered }) => answered > 0);
  return {
    coinflow: isAway ? 'unreachable' : wasReached ? 'reachable' : 'unknown',
    clockSkewMs,
    sessions: cache.sessions,
    ...(sharedStore && { sharedStore: isWhole(sharedStore) ? 'reachable' : 'unreachable' }),
    ...(areDeliveriesRemembered !== undefined && { deliveries: areDeliveriesRemembered ? 'reachable' : 'unreachable' }),
  };
}

/** Sessions are read and written, and revocations heard. */
function isWhole({ breaker, revocationsKnown }: CoinflowSharedStoreMetrics): boolean {
  return breaker === 'closed' && revocationsKnown !== false;
}
