import { Body, Controller, Ip, Post } from '@nestjs/common';
import { ApiBadGatewayResponse, ApiCreatedResponse, ApiResponse, ApiTags } from '@nestjs/swagger';
import { CoinflowApi, CoinflowAuth, CurrentSession, type CoinflowSession } from 'nestjs-coinflow-auth';
import { CURRENCY } from '../ledger/ledger.js';
import { toRefusal } from './checkout-refusals.js';
import { CheckoutDto, CheckoutRefusalDto, PaymentDto } from './checkout.dto.js';
import type { CoinflowPaths } from './coinflow-paths.js';

@ApiTags('3. Use the session key')
@Controller('checkout')
export class CheckoutController {
  constructor(private readonly coinflow: CoinflowApi<CoinflowPaths>) {}

  /** Charges a card of the user. The webhook of the payment credits the balance, so this route does not. */
  @Post()
  @CoinflowAuth()
  @ApiCreatedResponse({ type: PaymentDto, description: 'The card was charged' })
  @ApiResponse({ status: 402, type: CheckoutRefusalDto, description: 'The card was declined' })
  @ApiResponse({ status: 412, type: CheckoutRefusalDto, description: 'The user must pass a challenge: challenge' })
  @ApiResponse({ status: 423, type: CheckoutRefusalDto, description: 'The user is blocked' })
  @ApiBadGatewayResponse({
    description: 'Whether the card was charged is unknown: wait for the balance, do not pay again',
  })
  async pay(
    @Body() { cents, card, challengeId, deviceId }: CheckoutDto,
    @CurrentSession() session: CoinflowSession,
    @Ip() clientIp: string,
  ): Promise<PaymentDto> {
    const body = {
      subtotal: { cents, currency: CURRENCY },
      card,
      webhookInfo: { subjectKind: session.subject?.kind },
      ...(challengeId !== undefined && { authentication3DS: { transactionId: challengeId } }),
    };
    try {
      const { paymentId } = await this.coinflow.post('/checkout/card/{merchantId}', {
        auth: session,
        body,
        clientIp,
        deviceId,
      });
      return { paymentId };
    } catch (error) {
      throw toRefusal(error);
    }
  }
}
