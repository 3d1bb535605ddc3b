import { Controller, Get, Header, Ip, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { CoinflowAuthService } from 'nestjs-coinflow-auth';
import { AppTokenGuard, LoggedInUserId } from '../login/app-token.guard.js';
import { APP_TOKEN } from '../swagger.js';
import { SessionKeyDto } from './session-key.dto.js';

@ApiTags('2. Obtain a session key')
@Controller('coinflow')
export class SessionKeyController {
  constructor(private readonly coinflow: CoinflowAuthService) {}

  /** A session key for the user who has logged in. There is no way to ask for another user's. */
  @Get('session-key')
  @UseGuards(AppTokenGuard)
  @Header('Cache-Control', 'no-store')
  @ApiBearerAuth(APP_TOKEN)
  @ApiOkResponse({ type: SessionKeyDto })
  async create(@LoggedInUserId() userId: string, @Ip() clientIp: string): Promise<SessionKeyDto> {
    return SessionKeyDto.of(await this.coinflow.createSessionKey({ userId }, { clientIp }));
  }
}
