import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { CoinflowOptional, CurrentSession, type CoinflowSession } from 'nestjs-coinflow-auth';
import { CatalogDto } from './catalog.dto.js';

const PRODUCTS = [
  { name: 'Coffee', cents: 300 },
  { name: 'Cake', cents: 450 },
];
const MEMBER_DISCOUNT_PERCENT = 10;

@ApiTags('3. Use the session key')
@Controller('catalog')
export class CatalogController {
  /** Prices for everybody; a member's discount with a session. */
  @Get()
  @CoinflowOptional()
  @ApiOkResponse({ type: CatalogDto })
  catalog(@CurrentSession() session: CoinflowSession | undefined): CatalogDto {
    const percent = session ? 100 - MEMBER_DISCOUNT_PERCENT : 100;
    return {
      member: session !== undefined,
      products: PRODUCTS.map(({ name, cents }) => ({ name, cents: Math.round((cents * percent) / 100) })),
    };
  }
}
