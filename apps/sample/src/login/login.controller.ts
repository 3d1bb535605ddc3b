import { Body, Controller, ForbiddenException, HttpCode, Post, UnauthorizedException, UseGuards } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { JwtService } from '@nestjs/jwt';
import {
  ApiForbiddenResponse,
  ApiOkResponse,
  ApiProperty,
  ApiTags,
  ApiTooManyRequestsResponse,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { IsNotEmpty, IsString, MaxLength } from 'class-validator';
import { CoinflowPublic } from 'nestjs-coinflow-auth';
import { UserDirectory, hasDemoUsers } from './demo-users.js';
import { LoginLimitGuard } from './login-limit.guard.js';

export class LoginDto {
  @ApiProperty({ example: 'alice' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  username!: string;

  @ApiProperty({ example: 'alice-demo' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(128)
  password!: string;
}

export class AccessTokenDto {
  @ApiProperty({ description: 'The token of the merchant. Send it as Authorization: Bearer ...' })
  accessToken!: string;
}

/** The merchant's own login. It does not use Coinflow. */
@ApiTags('1. Log in to the merchant')
@Controller('auth')
@CoinflowPublic()
export class LoginController {
  constructor(
    private readonly users: UserDirectory,
    private readonly jwt: JwtService,
    private readonly config: ConfigService,
  ) {}

  /** Logs a user in with a password and returns the merchant's own token. */
  @Post('login')
  @HttpCode(200)
  @UseGuards(LoginLimitGuard)
  @ApiOkResponse({ type: AccessTokenDto })
  @ApiUnauthorizedResponse({ description: 'Wrong user name or password' })
  @ApiForbiddenResponse({ description: 'The demo users are disabled in production' })
  @ApiTooManyRequestsResponse({ description: 'More than 20 logins a minute from one IPv4 address or IPv6 /64' })
  async login(@Body() { username, password }: LoginDto): Promise<AccessTokenDto> {
    if (!hasDemoUsers(this.config)) {
      throw new ForbiddenException(
        'The demo users are disabled with COINFLOW_ENV=prod. Set SAMPLE_ALLOW_DEMO_LOGIN=1 to allow them.',
      );
    }
    if (!(await this.users.hasPassword(username, password))) {
      throw new UnauthorizedException('Wrong user name or password.');
    }
    return { accessToken: await this.jwt.signAsync({ sub: username }) };
  }
}
