import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiProperty, ApiTags } from '@nestjs/swagger';
import { CoinflowOptional, CurrentSession, type CoinflowSession } from 'nestjs-coinflow-auth';

const PRODUCTS = [
  { name: 'Coffee', cents: 300 },
  { name: 'Cake', cents: 450 },
];
const MEMBER_DISCOUNT_PERCENT = 10;

export class ProductDto {
  @ApiProperty({ example: 'Coffee' })
  name!: string;

  @ApiProperty({ example: 300, description: 'The price in cents' })
  cents!: number;
}

export class CatalogDto {
  @ApiProperty({ description: 'Whether the prices include the discount of members' })
  member!: boolean;

  @ApiProperty({ type: [ProductDto] })
  products!: ProductDto[];
}

@ApiTags('3. Use the session key')
@Controller('catalog')
export class CatalogController {
  /** Returns the products. Requests with a session get the discount of members. */
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
