import type { CardDto } from './checkout.dto.js';

/** What `POST /checkout/card/{merchantId}` reads and returns. `openapi-typescript` makes this type of Coinflow's document. */
export interface CoinflowPaths {
  '/checkout/card/{merchantId}': {
    post: {
      requestBody: { content: { 'application/json': CardCheckout } };
      responses: { 200: { content: { 'application/json': { paymentId: string } } } };
    };
  };
}

interface CardCheckout {
  subtotal: { cents: number; currency: string };
  card: CardDto;
  /** Coinflow returns it in the webhook of the payment. */
  webhookInfo: Record<string, unknown>;
  authentication3DS?: { transactionId: string };
}
