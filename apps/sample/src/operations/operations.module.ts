import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { CoinflowHealthIndicator } from 'nestjs-coinflow-auth/health';
import { HealthController } from './health.controller.js';
import { MetricsController } from './metrics.controller.js';

/** What operators and their machines look at. */
@Module({
  imports: [TerminusModule],
  controllers: [HealthController, MetricsController],
  providers: [CoinflowHealthIndicator],
})
export class OperationsModule {}
