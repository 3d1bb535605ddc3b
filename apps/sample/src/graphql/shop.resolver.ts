import { Args, Mutation, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { CoinflowAuth, CurrentSession, type CoinflowSession, type CoinflowSubject } from 'nestjs-coinflow-auth';
import { CURRENCY, Ledger } from '../ledger/ledger.js';
import { idOf } from '../ledger/users.js';
import { PayoutDto, createPayout } from '../shop/payouts.controller.js';
import { Balance, Me, Payout } from './shop.types.js';

@Resolver(() => Me)
@CoinflowAuth()
export class ShopResolver {
  constructor(private readonly ledger: Ledger) {}

  @Query(() => Me, { description: 'The user of the session key' })
  me(@CurrentSession() { subject, expiresAt }: CoinflowSession): Me {
    return {
      userId: subject?.kind === 'user' ? subject.userId : null,
      wallet: subject?.kind === 'wallet' ? subject.wallet : null,
      expiresAt,
    };
  }

  @ResolveField(() => Balance, { description: 'The sum of the payments that webhooks have reported for this user' })
  async balance(@CurrentSession('subject') subject: CoinflowSubject | null): Promise<Balance> {
    return { cents: subject ? await this.ledger.balance(idOf(subject)) : 0, currency: CURRENCY };
  }

  /** `maxAgeMs: 0` verifies the session key with Coinflow on every request, because money moves. */
  @Mutation(() => Payout, { description: 'Simulates a payout' })
  @CoinflowAuth({ maxAgeMs: 0 })
  createPayout(@Args() payout: PayoutDto, @CurrentSession('subject') to: CoinflowSubject | null): Payout {
    return createPayout(payout, to);
  }
}
