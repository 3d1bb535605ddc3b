import { Body, Controller, Header, HttpCode, Ip, Post, UseGuards } from '@nestjs/common';
import { ApiBadRequestResponse, ApiOkResponse, ApiTags, ApiUnauthorizedResponse } from '@nestjs/swagger';
import { CoinflowAuthService } from 'nestjs-coinflow-auth';
import { Users } from '../ledger/users.js';
import { LoginLimitGuard } from '../login/login-limit.guard.js';
import { SessionKeyDto } from './session-key.dto.js';
import { SignedWalletDto, WalletDto, WalletMessageDto } from './wallet.dto.js';

/** A login without a password: the wallet's signature says who it is. Limited like the other one: each asks Coinflow. */
@ApiTags('2. Obtain a session key')
@Controller('coinflow/wallet')
@UseGuards(LoginLimitGuard)
@ApiBadRequestResponse({ description: 'The wallet cannot be one of this blockchain; the message says why' })
export class WalletController {
  constructor(
    private readonly coinflow: CoinflowAuthService,
    private readonly users: Users,
  ) {}

  /** What the wallet signs to log in. */
  @Post('message')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOkResponse({ type: WalletMessageDto })
  async message(@Body() { wallet, blockchain }: WalletDto, @Ip() client: string): Promise<WalletMessageDto> {
    const { message } = await this.coinflow.getMessage({ wallet, blockchain }, { rateLimitClient: client });
    return { message };
  }

  /** A session key for the wallet that has signed the message. */
  @Post('session-key')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOkResponse({ type: SessionKeyDto })
  @ApiUnauthorizedResponse({ description: 'The signature is not this wallet’s over its message' })
  async sessionKey(@Body() signed: SignedWalletDto, @Ip() clientIp: string): Promise<SessionKeyDto> {
    const { wallet, blockchain, signedMessage } = signed;
    const session = await this.coinflow.createSessionKeyWithSignature(
      { wallet, blockchain, signedMessage },
      { clientIp, rateLimitClient: clientIp },
    );
    // From now on a payment of this wallet has an account to go to.
    await this.users.add({ wallet });
    return SessionKeyDto.of(session);
  }
}
