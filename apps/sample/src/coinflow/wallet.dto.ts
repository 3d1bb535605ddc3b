import { ApiProperty } from '@nestjs/swagger';
import { IsNotEmpty, IsString, MaxLength } from 'class-validator';
import { COINFLOW_BLOCKCHAINS, type KnownBlockchain } from 'nestjs-coinflow-auth';

/** Whether the wallet is one of the chain is for the module to say: it knows why not. */
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
  @ApiProperty({ description: 'The wallet’s signature over the message: hex, base58 or base64 as its chain has it' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(2_048)
  signedMessage!: string;
}

export class WalletMessageDto {
  @ApiProperty({ description: 'What the wallet signs: good once, and not for long' })
  message!: string;
}
