import { randomUUID } from 'node:crypto';
import { HttpError, httpError } from '../http-error.js';
import type { EmulatorParts } from '../emulator-parts.js';
import type { EmulatorResponse } from '../responses.js';
import { checkCardCheckout, type CardCheckoutBody } from './card-checkout-body.js';
import { CHALLENGE_PATH } from './challenge-page.js';
import type { Challenge } from './challenges.js';
import type { EmulatorDemoCard } from './demo-cards.js';
import { jsonBody, type OperationCall } from './operation-call.js';
import type { EmulatorPayment } from './payments.js';

const AUTHORIZATION_MS = 7 * 86_400_000;

/** `POST /checkout/card/{merchantId}`. An identical call charges again: card charges have no idempotency. */
export function cardCheckout(call: OperationCall, parts: EmulatorParts): EmulatorResponse {
  const { checkout, card } = checkCardCheckout(jsonBody(call.body));
  const merchantId = call.params.merchantId ?? '';
  const { customerId = '', blockchain = 'user' } = call.caller;
  const at = new Date(parts.clock.nowMs()).toISOString();
  const customer = parts.customers.create({ merchantId, customerId, blockchain, email: checkout.card.email, at });
  declineByZip(checkout.card.zip);

  const { cents, currency = 'USD' } = checkout.subtotal;
  const challenge = challengeOf(checkout, card, { merchantId, customerId, cents, currency, token: card.token }, parts);
  if (challenge?.result === 'pending') return challengeRequired(challenge, call.origin);
  if (challenge) parts.challenges.conclude(challenge);
  if (challenge?.result === 'failed') throw declined('3-D Secure authentication failed', '1A', false);

  const status = checkout.authOnly ? 'authorized' : 'settled';
  const last4 = card.token.slice(-4);
  const payment = parts.payments.charge({ merchantId, customerId, status, subtotal: { cents, currency }, last4, at });
  if (checkout.saveCard !== false) parts.customers.saveCard(customer, card, checkout.card, at);
  sendWebhook(payment, checkout, parts);
  const authorizationExpiration = new Date(parts.clock.nowMs() + AUTHORIZATION_MS).toISOString();
  return { body: { paymentId: payment.paymentId, ...(checkout.authOnly && { authorizationExpiration }) } };
}

/**
 * The challenge that the checkout names, or a new one for a card that requires it.
 * @throws `HttpError` if the transaction does not belong to this purchase or was used before
 */
function challengeOf(
  { authentication3DS }: CardCheckoutBody,
  { outcome }: EmulatorDemoCard,
  purchase: Parameters<EmulatorParts['challenges']['create']>[0],
  { challenges }: EmulatorParts,
): Challenge | undefined {
  const transactionId = authentication3DS?.transactionId;
  if (transactionId === undefined) return outcome === 'challenge' ? challenges.create(purchase) : undefined;
  const challenge = challenges.find(transactionId, purchase);
  if (challenge) return challenge;
  throw httpError(400, 'authentication3DS.transactionId is not a challenge of this purchase, or it has been used');
}

function challengeRequired({ transactionId, creq }: Challenge, origin: string): EmulatorResponse {
  return { status: 412, body: { transactionId, url: `${origin}${CHALLENGE_PATH}`, creq } };
}

/** The zip codes by which Coinflow's sandbox declines. */
function declineByZip(zip: string | undefined): void {
  if (zip === '99999') throw declined('Do not honor', '05', false);
  if (zip === '00000') throw declined('The payment was rejected by chargeback protection.', '999', true);
  if (zip === '00001') throw declined('The transaction is suspected of fraud.', '59', false);
}

/** The documented response to a payment that was not approved. */
function declined(msg: string, code: string, protection: boolean): HttpError {
  const ids = { paymentId: randomUUID(), debugId: randomUUID() };
  const action = 'Use another card or contact the bank that issued this card.';
  return new HttpError(400, { msg, protection, code, title: 'Payment declined', message: msg, action, ...ids });
}

function sendWebhook(payment: EmulatorPayment, { webhookInfo = {} }: CardCheckoutBody, parts: EmulatorParts): void {
  const { paymentId, merchantId, customerId, status, subtotal, fees, total, last4 } = payment;
  const data = { id: paymentId, merchantId, webhookInfo, subtotal, fees, total, last4 };
  parts.webhooks.sendSoon(status === 'settled' ? 'Settled' : 'Card Payment Authorized', data, customerId);
}
