import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { ApiTags } from '@nestjs/swagger';
import { CoinflowHealthIndicator } from 'nestjs-coinflow-auth/health';

@ApiTags('Operations')
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly coinflow: CoinflowHealthIndicator,
  ) {}

  /** Up as long as it answers: with Coinflow away it is degraded, and no better after a restart. */
  @Get()
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.coinflow.isHealthy()]);
  }
}
