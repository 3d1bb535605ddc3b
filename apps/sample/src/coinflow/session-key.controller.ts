import { Controller, Get, Header, HttpCode, Ip, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiProperty, ApiTags } from '@nestjs/swagger';
import {
  CoinflowAuth,
  CoinflowAuthService,
  CoinflowPublic,
  CurrentSession,
  type CoinflowSession,
} from 'nestjs-coinflow-auth';
import { AppTokenGuard, LoggedInUserId } from '../login/app-token.guard.js';
import { APP_TOKEN } from '../swagger.js';

export class SessionKeyDto {
  @ApiProperty({ description: 'For Coinflow and its widgets. This API accepts it too.' })
  key!: string;

  @ApiProperty({
    type: String,
    description:
      'For this API, in the header x-coinflow-auth-session-key. The API verifies it without a call to Coinflow.',
  })
  attestedKey!: string | undefined;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expiresAt!: Date | null;

  static of({ key, attestedKey, expiresAt }: CoinflowSession): SessionKeyDto {
    return { key, attestedKey, expiresAt };
  }
}

@ApiTags('2. Create a session key')
@Controller('coinflow')
@CoinflowPublic()
export class SessionKeyController {
  constructor(private readonly coinflow: CoinflowAuthService) {}

  /** Creates a session key for the logged-in user. A client cannot name another user. */
  @Get('session-key')
  @UseGuards(AppTokenGuard)
  @Header('Cache-Control', 'no-store')
  @ApiBearerAuth(APP_TOKEN)
  @ApiOkResponse({ type: SessionKeyDto })
  async create(@LoggedInUserId() userId: string, @Ip() clientIp: string): Promise<SessionKeyDto> {
    return SessionKeyDto.of(await this.coinflow.createSessionKey({ userId }, { clientIp }));
  }
}

@ApiTags('3. Use the session key')
@Controller('auth/logout')
export class LogoutController {
  constructor(private readonly coinflow: CoinflowAuthService) {}

  /** Revokes the session key that the request carries. */
  @Post()
  @HttpCode(204)
  @CoinflowAuth()
  @ApiNoContentResponse({ description: 'The API rejects the session key from now on.' })
  async logOut(@CurrentSession('key') key: string): Promise<void> {
    await this.coinflow.revokeSessionKey(key);
  }
}
