import { ApiProperty } from '@nestjs/swagger';
import { IsNotEmpty, IsString, MaxLength } from 'class-validator';

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
  @ApiProperty({ description: 'The merchant’s own token: send it as Authorization: Bearer ...' })
  accessToken!: string;
}
