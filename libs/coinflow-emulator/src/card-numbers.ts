/** 13 to 19 digits, with or without spaces and hyphens between them. */
const CANDIDATES = /(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)/g;

/** Whether a text contains a card number: digits with a valid checksum. */
export function containsCardNumber(text: string): boolean {
  return (text.match(CANDIDATES) ?? []).some((candidate) => hasValidChecksum(candidate.replace(/[ -]/g, '')));
}

/** The checksum of card numbers (Luhn). */
function hasValidChecksum(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}
