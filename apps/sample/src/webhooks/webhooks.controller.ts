import { Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CoinflowWebhook } from 'nestjs-coinflow-auth';

@ApiTags('4. Hear from Coinflow')
@Controller('webhooks')
export class WebhooksController {
  /** For Coinflow: it signs what it sends. The work is done by the methods under `@OnCoinflowEvent()`. */
  @Post('coinflow')
  @CoinflowWebhook()
  receive(): void {}
}
