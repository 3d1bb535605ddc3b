import { Field, ID, Int, ObjectType } from '@nestjs/graphql';

@ObjectType()
export class Balance {
  @Field(() => Int, { description: 'In cents; 0 before the first payment settles' })
  cents!: number;

  @Field()
  currency!: string;
}

@ObjectType()
export class Me {
  @Field(() => String, { nullable: true, description: 'The id of a user that a password identifies' })
  userId!: string | null;

  @Field(() => String, { nullable: true, description: 'The address of a user that a wallet identifies' })
  wallet!: string | null;

  @Field(() => Date, { nullable: true, description: 'When the session key expires' })
  expiresAt!: Date | null;
}

@ObjectType()
export class Payout {
  @Field(() => ID)
  id!: string;

  @Field(() => Int)
  cents!: number;

  @Field()
  currency!: string;
}
