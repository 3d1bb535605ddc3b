import { containsCardNumber } from '../card-numbers.js';
import { httpError } from '../http-error.js';
import { bodyChecker } from './body-schema.js';
import { DEMO_CARDS, demoCard, type EmulatorDemoCard } from './demo-cards.js';

/** The body of a card checkout, as far as the emulator reads it. */
export interface CardCheckoutBody {
  subtotal: { cents: number; currency?: string };
  webhookInfo?: Record<string, unknown>;
  authentication3DS?: { transactionId?: string };
  authOnly?: boolean;
  saveCard?: boolean;
  card: {
    cardToken: string;
    expMonth: string;
    expYear: string;
    email: string;
    firstName: string;
    lastName: string;
    address1?: string;
    zip?: string;
  };
}

const text = { type: 'string', minLength: 1 };

const checkShape = bodyChecker<CardCheckoutBody>({
  type: 'object',
  required: ['subtotal', 'card'],
  properties: {
    subtotal: {
      type: 'object',
      required: ['cents'],
      properties: { cents: { type: 'integer', minimum: 1 }, currency: { type: 'string', pattern: '^[A-Z]{3}$' } },
    },
    webhookInfo: { type: 'object' },
    authentication3DS: { type: 'object', properties: { transactionId: text } },
    authOnly: { type: 'boolean' },
    saveCard: { type: 'boolean' },
    settlementType: { enum: ['Credits', 'USDC'] },
    card: {
      type: 'object',
      required: ['cardToken', 'expYear', 'expMonth', 'email', 'firstName', 'lastName'],
      properties: {
        cardToken: text,
        expMonth: { type: 'string', pattern: '^(0[1-9]|1[0-2])$' },
        expYear: { type: 'string', pattern: '^\\d{2}$' },
        email: { type: 'string', pattern: '^[^@]+@[^@]+$' },
        firstName: text,
        lastName: text,
        ...Object.fromEntries(
          ['address1', 'city', 'zip', 'state', 'country', 'businessName'].map((name) => [name, { type: 'string' }]),
        ),
      },
    },
  },
});

/**
 * Checks the body of a card checkout.
 * @throws `HttpError` 400 naming the invalid field, and never its value
 */
export function checkCardCheckout(body: unknown): { checkout: CardCheckoutBody; card: EmulatorDemoCard } {
  rejectCardNumbers(body);
  const checkout = checkShape(body);
  const card = demoCard(checkout.card.cardToken);
  if (!card) {
    const tokens = DEMO_CARDS.map(({ token }) => token).join(', ');
    throw httpError(400, `card.cardToken is not a token of the emulator. Send one of ${tokens}.`);
  }
  const { expMonth, expYear } = card;
  if (card.outcome !== 'approved' && (checkout.card.expMonth !== expMonth || checkout.card.expYear !== expYear)) {
    throw httpError(400, `card.expMonth and card.expYear of this test card must be ${expMonth} and ${expYear}.`);
  }
  return { checkout, card };
}

/** Before the shape is checked, so that the response says what is wrong with a card number in any field. */
function rejectCardNumbers(body: unknown): void {
  const { card } = (body ?? {}) as { card?: unknown };
  const fields = typeof card === 'object' && card !== null ? Object.entries(card) : [['', card] as const];
  for (const [name, value] of fields) {
    const isToken = name === 'cardToken' && /^[\d .-]{12,}$/.test(String(value));
    if (isToken || containsCardNumber(`${name} ${JSON.stringify(value)}`)) {
      const field = name === '' || containsCardNumber(name) ? 'card' : `card.${name}`;
      throw httpError(
        400,
        `${field} contains a card number. Card numbers must not reach your server: send the token of the card as card.cardToken.`,
      );
    }
  }
}
