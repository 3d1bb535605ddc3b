import { Controller, Get, Module, Post, Query, type DynamicModule } from '@nestjs/common';
import {
  CoinflowAuth,
  CoinflowAuthModule,
  CoinflowAuthService,
  CoinflowOptional,
  CoinflowPublic,
  CoinflowWebhook,
  CurrentSession,
  OnCoinflowEvent,
  type CoinflowAuthModuleOptions,
  type CoinflowSession,
  type CoinflowWebhookEvent,
} from 'nestjs-coinflow-auth';

@CoinflowAuth()
@Controller()
export class ShopController {
  constructor(private readonly coinflow: CoinflowAuthService) {}

  @Get('me')
  me(@CurrentSession() session: CoinflowSession): unknown {
    return session.subject;
  }

  @Post('payouts')
  @CoinflowAuth({ maxAgeMs: 0 })
  pay(): string {
    return 'paid';
  }

  @Get('catalog')
  @CoinflowOptional()
  catalog(@CurrentSession() session: CoinflowSession | undefined): { member: boolean } {
    return { member: session !== undefined };
  }

  @Get('session-key')
  @CoinflowPublic()
  async sessionKey(@Query('user') userId: string): Promise<{ key: string; attestedKey: string | undefined }> {
    const { key, attestedKey } = await this.coinflow.createSessionKey({ userId });
    return { key, attestedKey };
  }

  @Post('logout')
  async logOut(@CurrentSession() session: CoinflowSession): Promise<void> {
    await this.coinflow.revokeSessionKey(session.key);
  }
}

/** Both the route and the handler, and what they have seen. */
@Controller('webhooks')
export class WebhooksController {
  readonly settled: string[] = [];

  @Post()
  @CoinflowWebhook()
  receive(): void {}

  @OnCoinflowEvent('Settled')
  settle({ data }: CoinflowWebhookEvent<'Settled'>): void {
    this.settled.push(data.id);
  }
}

@Module({})
export class AppModule {
  static with(options: CoinflowAuthModuleOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [CoinflowAuthModule.forRoot({ webhook: { keys: 'key' }, routeAudit: 'strict', ...options })],
      controllers: [ShopController, WebhooksController],
    };
  }
}
