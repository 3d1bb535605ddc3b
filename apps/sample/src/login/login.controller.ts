import { Body, Controller, ForbiddenException, HttpCode, Post, UnauthorizedException, UseGuards } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { JwtService } from '@nestjs/jwt';
import {
  ApiForbiddenResponse,
  ApiOkResponse,
  ApiTags,
  ApiTooManyRequestsResponse,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { LoginLimitGuard } from './login-limit.guard.js';
import { hasDemoUsers } from './demo-users.js';
import { AccessTokenDto, LoginDto } from './login.dto.js';
import { UserDirectory } from './user-directory.js';

@ApiTags('1. Log in to the merchant')
@Controller('auth')
export class LoginController {
  constructor(
    private readonly users: UserDirectory,
    private readonly jwt: JwtService,
    private readonly config: ConfigService,
  ) {}

  /** The merchant's own login, which knows nothing of Coinflow. */
  @Post('login')
  @HttpCode(200)
  @UseGuards(LoginLimitGuard)
  @ApiOkResponse({ type: AccessTokenDto })
  @ApiUnauthorizedResponse({ description: 'Wrong user name or password' })
  @ApiForbiddenResponse({ description: 'Demo users cannot log in where there is real money' })
  @ApiTooManyRequestsResponse({ description: 'More than 20 logins a minute from one IPv4 address or IPv6 /64' })
  async login(@Body() { username, password }: LoginDto): Promise<AccessTokenDto> {
    if (!hasDemoUsers(this.config)) {
      throw new ForbiddenException(
        'The demo users are off with COINFLOW_ENV=prod; SAMPLE_ALLOW_DEMO_LOGIN=1 allows them',
      );
    }
    if (!(await this.users.hasPassword(username, password))) {
      throw new UnauthorizedException('Wrong user name or password');
    }
    return { accessToken: await this.jwt.signAsync({ sub: username }) };
  }
}
