import { Controller, Get } from '@nestjs/common';
import { CoinflowAuth, CoinflowOptional, CoinflowPublic } from 'nestjs-coinflow-auth';

/** A route for each access, and for the usual policies. Each one returns its name. */
@Controller()
export class ShopController {
  @Get('guarded')
  @CoinflowAuth()
  guarded(): string {
    return 'guarded';
  }

  @Get('strict')
  @CoinflowAuth({ maxAgeMs: 0 })
  strict(): string {
    return 'strict';
  }

  @Get('wallets')
  @CoinflowAuth({ subject: 'wallet' })
  wallets(): string {
    return 'wallets';
  }

  @Get('optional')
  @CoinflowOptional()
  optional(): string {
    return 'optional';
  }

  @Get('public')
  @CoinflowPublic()
  public(): string {
    return 'public';
  }
}
