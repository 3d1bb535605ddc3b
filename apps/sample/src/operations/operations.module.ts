import { Controller, Get, Header, Module, UseGuards } from '@nestjs/common';
import { ApiForbiddenResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, TerminusModule, type HealthCheckResult } from '@nestjs/terminus';
import { CoinflowAuthService, CoinflowPublic, type CoinflowAuthMetrics } from 'nestjs-coinflow-auth';
import { CoinflowHealthIndicator } from 'nestjs-coinflow-auth/health';
import { LoopbackGuard } from './loopback.guard.js';

@ApiTags('Operations')
@Controller('health')
@CoinflowPublic()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly coinflow: CoinflowHealthIndicator,
  ) {}

  /** Stays up while Coinflow is down: a restart would not help, and known keys still work. */
  @Get()
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.coinflow.isHealthy()]);
  }
}

@ApiTags('Operations')
@Controller('coinflow/metrics')
@UseGuards(LoopbackGuard)
@CoinflowPublic()
export class MetricsController {
  constructor(private readonly coinflow: CoinflowAuthService) {}

  /** Returns the metrics of decisions, calls to Coinflow and caches since startup. From this machine only. */
  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOkResponse({ description: 'The metrics since startup', schema: { type: 'object' } })
  @ApiForbiddenResponse({ description: 'The request does not come from this machine' })
  metrics(): CoinflowAuthMetrics {
    return this.coinflow.metrics();
  }
}

@Module({
  imports: [TerminusModule],
  controllers: [HealthController, MetricsController],
  providers: [CoinflowHealthIndicator],
})
export class OperationsModule {}
