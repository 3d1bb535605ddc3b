import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { ApiForbiddenResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { CoinflowAuthService, type CoinflowAuthMetrics } from 'nestjs-coinflow-auth';
import { LoopbackGuard } from './loopback.guard.js';

@ApiTags('Operations')
@Controller('coinflow/metrics')
@UseGuards(LoopbackGuard)
export class MetricsController {
  constructor(private readonly coinflow: CoinflowAuthService) {}

  /** What became of requests, what calls to Coinflow came to, what is remembered. From this machine only. */
  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOkResponse({ description: 'The figures since the start', schema: { type: 'object' } })
  @ApiForbiddenResponse({ description: 'Not from this machine' })
  metrics(): CoinflowAuthMetrics {
    return this.coinflow.metrics();
  }
}
