import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { CoinflowAuth, CurrentSession, type CoinflowSession } from 'nestjs-coinflow-auth';
import { MeDto } from './me.dto.js';

@ApiTags('3. Use the session key')
@Controller('me')
export class MeController {
  /** Who the session key says that you are. */
  @Get()
  @CoinflowAuth()
  @ApiOkResponse({ type: MeDto })
  me(@CurrentSession() { subject, merchantId, expiresAt }: CoinflowSession): MeDto {
    return { subject, merchantId, expiresAt };
  }
}
