/** A test card of Coinflow's sandbox, as the emulator knows it. */
export interface EmulatorDemoCard {
  /**
   * The `cardToken` of a checkout: the first six and the last four digits of the card with letters in between, so that it
   * cannot be mistaken for a card number.
   */
  readonly token: string;
  readonly type: 'VISA' | 'MSTR' | 'DISC' | 'AMEX';
  /** What the checkout does: approve, ask for a 3-D Secure challenge, or authenticate without one. */
  readonly outcome: 'approved' | 'challenge' | 'frictionless';
  readonly expMonth: string;
  readonly expYear: string;
}

/** The demo cards. The expiry date of the 3-D Secure cards is fixed; the others accept any date. */
export const DEMO_CARDS: readonly [EmulatorDemoCard, ...EmulatorDemoCard[]] = [
  { token: '424242DEMO4242', type: 'VISA', outcome: 'approved', expMonth: '12', expYear: '34' },
  { token: '555555DEMO4444', type: 'MSTR', outcome: 'approved', expMonth: '12', expYear: '34' },
  { token: '601101DEMO0003', type: 'DISC', outcome: 'approved', expMonth: '12', expYear: '34' },
  { token: '378282DEMO0005', type: 'AMEX', outcome: 'approved', expMonth: '12', expYear: '34' },
  { token: '400002DEMO0000', type: 'VISA', outcome: 'challenge', expMonth: '08', expYear: '27' },
  { token: '520424DEMO1471', type: 'MSTR', outcome: 'frictionless', expMonth: '08', expYear: '27' },
];

export function demoCard(token: string): EmulatorDemoCard | undefined {
  return DEMO_CARDS.find((card) => card.token === token);
}
