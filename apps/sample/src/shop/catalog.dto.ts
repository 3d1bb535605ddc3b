import { ApiProperty } from '@nestjs/swagger';

export class ProductDto {
  @ApiProperty({ example: 'Coffee' })
  name!: string;

  @ApiProperty({ example: 300, description: 'What you pay, in cents' })
  cents!: number;
}

export class CatalogDto {
  @ApiProperty({ description: 'Whether the prices have a member’s discount' })
  member!: boolean;

  @ApiProperty({ type: [ProductDto] })
  products!: ProductDto[];
}
