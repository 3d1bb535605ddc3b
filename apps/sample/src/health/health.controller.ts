import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

@ApiTags('Health')
@Controller('health')
export class HealthController {
  /** Up as long as it answers: an outage of Coinflow is no reason to restart. */
  @Get()
  health(): { status: 'up' } {
    return { status: 'up' };
  }
}
