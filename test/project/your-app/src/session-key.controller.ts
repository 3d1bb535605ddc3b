import { Controller, Get, Ip, Req, UseGuards } from '@nestjs/common';
import { CoinflowAuthService, type CoinflowSession } from 'nestjs-coinflow-auth';
import { LoginGuard } from './login.guard.js';

/** The route of docs/guides/session-keys.md. */
@Controller('coinflow/session-key')
export class SessionKeyController {
  constructor(private readonly coinflow: CoinflowAuthService) {}

  @Get()
  @UseGuards(LoginGuard)
  async create(
    @Req() request: { user: { id: string } },
    @Ip() clientIp: string,
  ): Promise<Pick<CoinflowSession, 'key' | 'attestedKey' | 'expiresAt'>> {
    return this.coinflow.createSessionKey({ userId: request.user.id }, { clientIp });
  }
}
