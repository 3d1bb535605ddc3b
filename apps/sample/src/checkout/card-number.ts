import { ValidateBy, isCreditCard, type ValidationOptions } from 'class-validator';

/** 13 to 19 digits, with or without one separator between two of them. */
const CANDIDATES = /(?<!\d)\d(?:[ ./_-]?\d){12,18}(?!\d)/g;

/**
 * Rejects a text with a card number. A card number belongs into Coinflow's form in the browser, which turns it into a token: a server
 * that receives one is subject to the rules of PCI DSS. The message does not repeat the text.
 */
export function HasNoCardNumber(options?: ValidationOptions): PropertyDecorator {
  const validate = (value: unknown): boolean => !containsCardNumber(String(value));
  const defaultMessage = (): string =>
    '$property must not contain a card number: send the token of the card as cardToken';
  return ValidateBy({ name: 'hasNoCardNumber', validator: { validate, defaultMessage } }, options);
}

export function containsCardNumber(text: string): boolean {
  return (text.match(CANDIDATES) ?? []).some((candidate) => isCreditCard(candidate.replace(/\D/g, '')));
}
