import { Body, Controller, Header, HttpCode, Ip, Post, UseGuards } from '@nestjs/common';
import { ApiBadRequestResponse, ApiOkResponse, ApiProperty, ApiTags, ApiUnauthorizedResponse } from '@nestjs/swagger';
import { IsNotEmpty, IsString, MaxLength } from 'class-validator';
import { COINFLOW_BLOCKCHAINS, CoinflowAuthService, CoinflowPublic, type KnownBlockchain } from 'nestjs-coinflow-auth';
import { Users } from '../ledger/users.js';
import { LoginLimitGuard } from '../login/login-limit.guard.js';
import { SessionKeyDto } from './session-key.controller.js';

/** `CoinflowAuthService` checks that the address is valid on the blockchain, and its 400 says what is wrong. */
export class WalletDto {
  @ApiProperty({ example: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(256)
  wallet!: string;

  @ApiProperty({ enum: COINFLOW_BLOCKCHAINS, example: 'eth' })
  @IsString()
  blockchain!: KnownBlockchain;
}

export class SignedWalletDto extends WalletDto {
  @ApiProperty({ description: 'The signature of the wallet over the message, in the encoding of its blockchain' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(2_048)
  signedMessage!: string;
}

export class WalletMessageDto {
  @ApiProperty({ description: 'The message to sign. It can be used once and expires soon.' })
  message!: string;
}

/** Login with the signature of a wallet. Each step calls Coinflow, so it has the same rate limit as the password login. */
@ApiTags('2. Create a session key')
@Controller('coinflow/wallet')
@UseGuards(LoginLimitGuard)
@ApiBadRequestResponse({ description: 'The address is not valid on this blockchain. The message says why.' })
@CoinflowPublic()
export class WalletController {
  constructor(
    private readonly coinflow: CoinflowAuthService,
    private readonly users: Users,
  ) {}

  /** Returns the message that the wallet must sign to log in. */
  @Post('message')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOkResponse({ type: WalletMessageDto })
  async message(@Body() { wallet, blockchain }: WalletDto, @Ip() client: string): Promise<WalletMessageDto> {
    const { message } = await this.coinflow.getMessage({ wallet, blockchain }, { rateLimitClient: client });
    return { message };
  }

  /** Creates a session key for the wallet that signed the message. */
  @Post('session-key')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOkResponse({ type: SessionKeyDto })
  @ApiUnauthorizedResponse({ description: 'The signature is not by this wallet or not over its message.' })
  async sessionKey(@Body() signed: SignedWalletDto, @Ip() clientIp: string): Promise<SessionKeyDto> {
    const { wallet, blockchain, signedMessage } = signed;
    const session = await this.coinflow.createSessionKeyWithSignature(
      { wallet, blockchain, signedMessage },
      { clientIp, rateLimitClient: clientIp },
    );
    // Webhooks can credit payments to users of the database only.
    await this.users.add({ wallet });
    return SessionKeyDto.of(session);
  }
}
