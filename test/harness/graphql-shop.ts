import { Args, Field, ID, Mutation, ObjectType, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import {
  CoinflowAuth,
  CoinflowAuthService,
  CoinflowOptional,
  CoinflowPublic,
  CurrentSession,
  type CoinflowSession,
  type CoinflowSubject,
} from 'nestjs-coinflow-auth';

@ObjectType()
export class User {
  @Field(() => ID)
  id!: string;
}

export function userOf(subject: CoinflowSubject | null | undefined): User {
  return { id: subject?.kind === 'user' ? subject.userId : (subject?.wallet ?? 'nobody') };
}

/** Resolvers with every access and several policies. */
@Resolver(() => User)
export class ShopResolver {
  /** The resolvers that have run. */
  readonly runs: string[] = [];

  constructor(private readonly coinflow: CoinflowAuthService) {}

  @Query(() => User, { nullable: true })
  @CoinflowAuth()
  me(@CurrentSession('subject') subject: CoinflowSubject): User {
    return this.#ran('me', userOf(subject));
  }

  @Query(() => User)
  @CoinflowAuth()
  myself(@CurrentSession('subject') subject: CoinflowSubject): User {
    return this.#ran('myself', userOf(subject));
  }

  @Query(() => String, { nullable: true })
  @CoinflowAuth({ maxAgeMs: 0 })
  strict(): string {
    return this.#ran('strict', 'verified');
  }

  @Query(() => String, { nullable: true })
  @CoinflowAuth({ subject: 'wallet' })
  walletOnly(): string {
    return this.#ran('walletOnly', 'wallet');
  }

  @Query(() => String)
  @CoinflowOptional()
  async greeting(@CurrentSession() session: CoinflowSession | undefined): Promise<string> {
    // Other requests run meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 5));
    return this.#ran('greeting', `hello ${userOf(session?.subject).id}`);
  }

  @Query(() => String, { nullable: true })
  @CoinflowPublic()
  motd(@Args('of', { nullable: true }) of?: string): string | null {
    return this.#ran('motd', of ?? null);
  }

  /** Guarded by an `APP_GUARD` alone. */
  @Query(() => String, { nullable: true })
  plain(): string {
    return this.#ran('plain', 'in');
  }

  @Query(() => String, { nullable: true })
  @CoinflowPublic()
  crash(): string {
    throw new Error('the application failed');
  }

  @Query(() => String, { nullable: true })
  @CoinflowPublic()
  async create(@Args('user') userId: string): Promise<string> {
    return this.#ran('create', (await this.coinflow.createSessionKey({ userId })).key);
  }

  @Mutation(() => String, { nullable: true })
  @CoinflowAuth({ maxAgeMs: 0 })
  pay(@Args('to') to: string): string {
    return this.#ran('pay', `paid ${to}`);
  }

  @ResolveField(() => String, { nullable: true })
  @CoinflowAuth()
  balance(@Parent() { id }: User, @CurrentSession('subject') subject: CoinflowSubject): string {
    return this.#ran('balance', `${id}: balance of ${userOf(subject).id}`);
  }

  @ResolveField(() => String, { nullable: true })
  @CoinflowAuth({ maxAgeMs: 0 })
  payouts(): string {
    return this.#ran('payouts', 'payouts');
  }

  @ResolveField(() => String, { nullable: true })
  @CoinflowAuth({ subject: 'wallet' })
  tokens(): string {
    return this.#ran('tokens', 'tokens');
  }

  #ran<T>(name: string, result: T): T {
    this.runs.push(name);
    return result;
  }
}
