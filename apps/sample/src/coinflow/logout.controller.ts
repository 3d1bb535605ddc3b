import { Controller, HttpCode, Post } from '@nestjs/common';
import { ApiNoContentResponse, ApiTags } from '@nestjs/swagger';
import { CoinflowAuth, CoinflowAuthService, CurrentSession } from 'nestjs-coinflow-auth';

@ApiTags('3. Use the session key')
@Controller('auth/logout')
export class LogoutController {
  constructor(private readonly coinflow: CoinflowAuthService) {}

  /** Ends the session whose key it is sent with: only who has the key can end it. */
  @Post()
  @HttpCode(204)
  @CoinflowAuth()
  @ApiNoContentResponse({ description: 'The session key is refused from now on' })
  async logOut(@CurrentSession('key') key: string): Promise<void> {
    await this.coinflow.revokeSessionKey(key);
  }
}
